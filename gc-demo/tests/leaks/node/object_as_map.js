const v8 = require('v8');
class Req { constructor(i) { this.i = i; this.body = new Array(20).fill(i); } }
const byId = {}; let c = 0;
function work(n) { for (let i = 0; i < n; i++) byId['id' + c++] = new Req(i); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
