const v8 = require('v8');
class Item { constructor(i) { this.i = i; this.body = new Array(20).fill(i); } }
class Store { #items = []; add(x) { this.#items.push(x); } }
const store = new Store();
function work(n) { for (let i = 0; i < n; i++) store.add(new Item(i)); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
