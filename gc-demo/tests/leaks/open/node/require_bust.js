const v8 = require('v8');
// hot reload: the cache entry is deleted, but each new Module stays in module.children of this file
const fs = require('fs'), os = require('os'), path = require('path');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bust-')), pricingFile = path.join(dir, 'pricing.js');
fs.writeFileSync(pricingFile, 'class PriceTable { constructor() { this.rows = new Array(20).fill(1); } }\nexports.table = new PriceTable();\n');
process.on('exit', () => fs.rmSync(dir, { recursive: true }));
function reload() { delete require.cache[require.resolve(pricingFile)]; return require(pricingFile).table.rows.length; }
let c = 0;
function work(k) { for (let i = 0; i < k; i++) if (c++ % 4 === 0) reload(); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
