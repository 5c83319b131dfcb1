const v8 = require('v8');
const seen = []; let c = 0;
function work(n) { for (let i = 0; i < n; i++) seen.push(('https://example.org/path/' + c++).split('').join('')); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
