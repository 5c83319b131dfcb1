const v8 = require('v8');
// label explosion: a counter per URL with an id in it; values are small numbers, only names and the table grow
const counters = {}; let c = 0;
function count(path) { const k = 'http_requests_total{path="' + path + '"}'; counters[k] = (counters[k] || 0) + 1; }
function work(k) { for (let i = 0; i < k; i++) count('/users/' + (c++) + '/orders'); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
