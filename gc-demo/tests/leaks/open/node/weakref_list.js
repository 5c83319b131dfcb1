const v8 = require('v8');
// widgets are weakly held and do go away, the list of references to them is never pruned
class Widget { constructor(i) { this.i = i; this.box = [0, 0, i, i]; } render() { return this.i; } }
const redrawList = [];
function track(w) { redrawList.push(new WeakRef(w)); }
let c = 0;
async function work(k) {
  for (let i = 0; i < k; i++) { track(new Widget(c++)); if (i % 200 === 199) await new Promise(setImmediate); }
  await new Promise((ok) => setTimeout(ok, 20));
}
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
