const v8 = require('v8');
// suggestions: every search that anybody types is added to the tree
class TrieNode { constructor() { this.next = new Map(); this.hits = 0; } }
const searchIndex = new TrieNode();
function learn(text) { let at = searchIndex; for (const ch of text) { let to = at.next.get(ch); if (!to) at.next.set(ch, to = new TrieNode()); at = to; } at.hits++; }
let seed = 1; const rnd = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
function work(k) { for (let i = 0; i < k; i++) { let s = ''; for (let j = 0; j < 7; j++) s += String.fromCharCode(97 + Math.floor(rnd() * 26)); learn(s); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
