const v8 = require('v8');
class Page { constructor(i) { this.i = i; this.body = new Array(20).fill(i); } }
const pages = new Map(); let c = 0;
function work(n) { for (let i = 0; i < n; i++) { const k = 'p' + (c++ % 1500); if (!pages.has(k)) pages.set(k, new Page(i)); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
