const v8 = require('v8');
class Poll { constructor(i) { this.i = i; this.body = new Array(20).fill(i); } }
async function work(n) { for (let i = 0; i < n; i++) { const p = new Poll(i); const t = setTimeout(() => p.i, 1e6); clearTimeout(t); } await new Promise((ok) => setTimeout(ok, 20)); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
