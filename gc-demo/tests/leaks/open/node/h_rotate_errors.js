const v8 = require('v8');
class UpstreamError extends Error { constructor(i, cause) { super('upstream said ' + i, { cause }); this.code = 500 + i % 4; this.detail = new Array(10).fill(i); } }
let batch = [], kept = []; let c = 0;
function report(e) { batch.push({ at: Date.now(), e }); if (batch.length === 40) { kept = [...kept.slice(-2), batch]; batch = []; } }
function work(n) { for (let i = 0; i < n; i++) { try { try { null.x; } catch (e) { throw new UpstreamError(c++, e); } } catch (e) { report(e); } } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
