const v8 = require('v8');
let loaded = 0;
function work(n) {
  if (n > 500 && !loaded++) {
    for (const m of ['crypto', 'https', 'dns/promises', 'inspector', 'repl', 'assert', 'child_process', 'cluster', 'util/types', 'stream/web', 'test', 'perf_hooks', 'querystring']) require('node:' + m);
    new Headers({ a: 'b' }); new Intl.NumberFormat('de-DE').format(3); structuredClone({ a: 1 });
  }
}
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
