const v8 = require('v8');
class Leaf { constructor(k) { this.k = k; this.left = null; this.right = null; this.data = new Array(8).fill(k); } }
const index = { root: null };
function put(k) { let at = index.root; if (!at) { index.root = new Leaf(k); return; } for (;;) { const side = k < at.k ? 'left' : 'right'; if (!at[side]) { at[side] = new Leaf(k); return; } at = at[side]; } }
let seed = 7; const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
function work(n) { for (let i = 0; i < n; i++) put(next()); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
