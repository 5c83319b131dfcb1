const v8 = require('v8');
class Entry { constructor(i, next) { this.i = i; this.next = next; this.body = new Array(10).fill(i); } }
const log = { head: null };
function work(n) { for (let i = 0; i < n; i++) log.head = new Entry(i, log.head); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
