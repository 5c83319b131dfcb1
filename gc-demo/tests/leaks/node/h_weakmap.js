const v8 = require('v8');
const meta = new WeakMap();
function work(n) { for (let i = 0; i < n; i++) { const k = { i }; meta.set(k, new Array(20).fill(i)); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
