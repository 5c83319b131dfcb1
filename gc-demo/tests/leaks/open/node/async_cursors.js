const v8 = require('v8');
// cursors are async generators; clients read a row and leave, nobody calls return()
class Query { constructor(i) { this.sql = 'select ' + i; this.binds = new Array(10).fill(i); } }
async function fetchRow(q, at) { return { at, q: q.sql.length }; }
async function* rowsOf(query) { let at = 0; try { while (at < 1e6) yield await fetchRow(query, at++); } finally { query.binds = null; } }
const openCursors = new Map(); let c = 0;
async function work(k) { for (let i = 0; i < k; i++) { const id = 'c' + c++; const rows = rowsOf(new Query(c)); openCursors.set(id, rows); await rows.next(); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
