const v8 = require('v8');
class Poll { constructor(i) { this.i = i; this.body = new Array(20).fill(i); } }
function work(n) { for (let i = 0; i < n; i++) { const p = new Poll(i); setInterval(() => p.i, 1e8); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
