const v8 = require('v8');
function work(n) { for (let i = 0; i < n * 10; i++) { JSON.parse(JSON.stringify({ i, a: [i, 'x' + i] })); } require('url'); require('querystring'); new Intl.NumberFormat('en').format(n); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
