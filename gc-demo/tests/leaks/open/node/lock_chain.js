const v8 = require('v8');
// a promise as a mutex; the first owner never lets go, every further job is chained behind it
class WriteJob { constructor(i) { this.i = i; this.patch = new Array(12).fill(i); } run() { return this.i; } }
const lockOwner = { name: 'migration', release: null };
let writeLock = new Promise((ok) => { lockOwner.release = ok; }), c = 0;
exports.finishMigration = () => lockOwner.release();
function withLock(job) { writeLock = writeLock.then(() => job.run()); }
async function work(k) { for (let i = 0; i < k; i++) withLock(new WriteJob(c++)); await new Promise(setImmediate); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
