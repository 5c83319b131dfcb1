const v8 = require('v8');
// memoize in a plain object with JSON keys; the eviction deletes by the arguments, not by the key, so nothing is ever deleted
class Quote { constructor(a) { this.args = a; this.net = a.qty * 10; this.tax = this.net * 0.2; this.lines = [a.sku, a.qty, this.net]; } }
function memoize(fn, max) {
  const byArgs = {}, recent = [];
  return (arg) => {
    const key = JSON.stringify(arg);
    if (key in byArgs) return byArgs[key];
    recent.push(arg); if (recent.length > max) delete byArgs[recent.shift()];
    return byArgs[key] = fn(arg);
  };
}
const quote = memoize((a) => new Quote(a), 100);
let c = 0;
function work(k) { for (let i = 0; i < k; i++) quote({ sku: 'S' + (c % 50), qty: c++, region: 'eu' }); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
