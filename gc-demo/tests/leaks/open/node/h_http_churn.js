const v8 = require('v8');
const http = require('http');
class Ctx { constructor(req) { this.url = req.url; this.headers = { ...req.headers }; this.log = new Array(10).fill(req.url); } }
const active = new Map(); let id = 0;
const server = http.createServer((req, res) => { const k = ++id; active.set(k, new Ctx(req)); res.on('close', () => active.delete(k)); res.setHeader('content-type', 'application/json'); res.end(JSON.stringify({ k })); });
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const ready = new Promise((ok) => server.listen(0, '127.0.0.1', ok));
const get = (p) => new Promise((ok, no) => http.get({ host: '127.0.0.1', port: server.address().port, path: p, agent }, (r) => { let s = ''; r.on('data', (d) => s += d); r.on('end', () => ok(JSON.parse(s).k)); }).on('error', no));
async function work(n) { await ready; for (let i = 0; i < n / 4; i += 5) await Promise.all([0, 1, 2, 3, 4].map((j) => get('/item/' + (i + j)))); await new Promise((ok) => setTimeout(ok, 200)); }
async function main() {
  await work(200); v8.writeHeapSnapshot(process.argv[2]);
  for (const f of process.argv.slice(3)) { await work(4000); v8.writeHeapSnapshot(f); }
  process.exit(0);
}
main();
