const v8 = require('v8');
// clients subscribe to a feed by pipe; every fourth hangs up without unpipe
const { Readable, Writable } = require('stream');
class ClientSink extends Writable { constructor(id) { super(); this.clientId = id; } _write(chunk, enc, cb) { cb(); } }
const priceFeed = new Readable({ read() {} }); priceFeed.setMaxListeners(0);
let c = 0;
async function work(k) {
  for (let i = 0; i < k; i++) {
    const sink = new ClientSink(c++); priceFeed.pipe(sink);
    if (c % 4) priceFeed.unpipe(sink);
    if (i % 100 === 0) await new Promise(setImmediate);
  }
}
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
