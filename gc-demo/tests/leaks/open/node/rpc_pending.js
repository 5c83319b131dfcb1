const v8 = require('v8');
// calls whose reply got lost stay in the table, there is no timeout
class RpcClient {
  #inflight = new Map(); #next = 1;
  call(method, params) { const id = this.#next++; const p = new Promise((resolve, reject) => this.#inflight.set(id, { method, params, resolve, reject, at: Date.now() })); return [id, p]; }
  reply(id, value) { const e = this.#inflight.get(id); if (e) { this.#inflight.delete(id); e.resolve(value); } }
}
const billing = new RpcClient(); let paid = 0;
async function charge(i) { const [id, p] = billing.call('charge', { account: 'acc-' + i, cents: i * 3 }); if (i % 3) billing.reply(id, { ok: true }); await p; paid++; }
async function work(k) { for (let i = 0; i < k; i++) charge(i); await new Promise(setImmediate); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
