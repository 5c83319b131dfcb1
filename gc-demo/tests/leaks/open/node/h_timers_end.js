const v8 = require('v8');
class Job { constructor(i) { this.i = i; this.data = new Array(20).fill(i); this.tries = 0; } }
function retry(job, done) { setTimeout(() => { if (++job.tries < 3) retry(job, done); else done(job.i); }, job.i % 5); }
const running = new Set();
async function work(n) {
  for (let i = 0; i < n; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, j) => new Promise((ok) => { const job = new Job(i + j); running.add(job); retry(job, (r) => { running.delete(job); ok(r); }); })));
  }
  await new Promise((ok) => setTimeout(ok, 30));
}
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
