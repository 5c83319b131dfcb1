const v8 = require('v8');
// the held value refers to the target, so the target is never collected
class Handle { constructor(fd) { this.fd = fd; this.stat = new Array(16).fill(fd); } close() { this.fd = -1; } }
const reaper = new FinalizationRegistry(({ handle }) => handle.close());
function openHandle(fd) { const handle = new Handle(fd); reaper.register(handle, { handle, openedAt: Date.now() }); return handle.fd; }
let sum = 0;
async function work(k) { for (let i = 0; i < k; i++) sum += openHandle(i); await new Promise(setImmediate); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
