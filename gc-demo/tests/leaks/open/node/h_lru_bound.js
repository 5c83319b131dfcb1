const v8 = require('v8');
class Page { constructor(i) { this.i = i; this.html = new Array(20).fill(i); } }
class Lru {
  constructor(max) { this.max = max; this.map = new Map(); }
  get(k) { const v = this.map.get(k); if (v) { this.map.delete(k); this.map.set(k, v); } return v; }
  set(k, v) { this.map.set(k, v); if (this.map.size > this.max) this.map.delete(this.map.keys().next().value); }
}
const pages = new Lru(3000); let c = 0;
function work(n) { for (let i = 0; i < n; i++) { const k = 'p' + c++; if (!pages.get(k)) pages.set(k, new Page(i)); if (c > 50) pages.get('p' + (c - 50)); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
