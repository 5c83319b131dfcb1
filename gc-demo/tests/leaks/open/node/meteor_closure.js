const v8 = require('v8');
// reconnects; logSwitch is never called, but shares its context with ping, so each connection keeps the one before it
let activeConn = null, n = 0;
function reconnect() {
  const priorConn = activeConn;
  const logSwitch = () => { if (priorConn) console.log('switched from', priorConn.id); };
  activeConn = { id: n++, window: new Array(24).fill(0), ping() { return Date.now(); } };
}
function work(k) { for (let i = 0; i < k; i++) reconnect(); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
