const v8 = require('v8');
class Doc { constructor(i) { this.i = i; this.words = new Array(20).fill(i); } }
class Layout { constructor(doc) { this.doc = doc; this.boxes = new Array(16).fill(doc.i); } }
const layouts = new WeakMap(), names = new Map(), gone = new FinalizationRegistry((k) => names.delete(k));
function layoutOf(doc) { let l = layouts.get(doc); if (!l) layouts.set(doc, l = new Layout(doc)); return l; }
let sum = 0, c = 0; const open = [];
async function work(n) {
  for (let i = 0; i < n; i++) { const d = new Doc(c++); open[c % 30] = d; for (const x of open) if (x) sum += layoutOf(x).boxes.length; if (i % 250 === 0) await new Promise(setImmediate); }
  await new Promise((ok) => setTimeout(ok, 20));
}
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
