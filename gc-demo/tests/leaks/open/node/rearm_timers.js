const v8 = require('v8');
// a poll per shipment which arms itself again for as long as the shipment is not delivered (it never is)
class Shipment { constructor(i) { this.id = i; this.legs = new Array(12).fill(i); this.status = 'moving'; } }
function watch(shipment) { setTimeout(() => { if (shipment.status !== 'delivered') watch(shipment); }, 400); }
let c = 0;
async function work(k) {
  for (let i = 0; i < k; i++) { watch(new Shipment(c++)); if (i % 500 === 0) await new Promise(setImmediate); }
  await new Promise((ok) => setTimeout(ok, 500));
}
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
