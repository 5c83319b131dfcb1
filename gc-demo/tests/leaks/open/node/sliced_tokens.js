const v8 = require('v8');
// a token of 40 characters is cut from a body of 1,500 characters; the slice keeps the whole body
const seenTokens = []; let c = 0;
function readBody() { const b = Buffer.alloc(1500, 97); b.write('token=' + String(c++).padStart(40, '0')); return b.toString('latin1'); }
function work(k) { for (let i = 0; i < k; i++) { const body = readBody(); seenTokens.push(body.slice(6, 46)); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
