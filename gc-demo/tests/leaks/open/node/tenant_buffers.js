const v8 = require('v8');
// static Map by tenant, then an array of uploaded chunks that nobody clears
class UploadLog {
  static byTenant = new Map();
  static append(tenant, chunk) { let a = UploadLog.byTenant.get(tenant); if (!a) UploadLog.byTenant.set(tenant, a = []); a.push(chunk); }
}
let c = 0;
function work(k) { for (let i = 0; i < k; i++) { UploadLog.append('tenant-' + (c % 7), Buffer.from('part ' + c++ + ';' + 'x'.repeat(180))); } }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
