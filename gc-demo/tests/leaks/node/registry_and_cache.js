const v8 = require('v8');
class Session { constructor(i) { this.i = i; this.cart = new Array(20).fill(i); } }
globalThis.registry = []; const cache = new Map();
function work(n) { for (let i = 0; i < n; i++) { registry.push(new Session(i)); cache.set('k' + cache.size, { page: 'p' + i, parts: [i, i] }); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
