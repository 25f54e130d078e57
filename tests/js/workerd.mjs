// Workers in workerd, the runtime of Cloudflare's Workers, for tests.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { root, wasmUrl } from './fixtures.mjs';
import { bundleProgram, programs } from './programs.mjs';

const arch = { x64: '64', arm64: 'arm64' }[process.arch];
const WORKERD = join(root, `tests/hosts/node_modules/@cloudflare/workerd-linux-${arch}/bin/workerd`);
const kStartMs = 30_000;

export const reasonToSkip = existsSync(WORKERD) ? false : `no workerd for this machine at ${WORKERD}`;

/** A KV namespace as workerd asks its service for it; POST /copy-of lays the module `bundle` in. */
const kKvService = `
  import bundle from './bundle';
  const values = new Map([['shop.attune', bundle]]);
  export default {
    async fetch(request) {
      const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
      if (request.method === 'PUT') values.set(key, await request.arrayBuffer());
      else if (request.method === 'DELETE') values.delete(key);
      else return values.has(key) ? new Response(values.get(key)) : new Response('', { status: 404 });
      return new Response('');
    },
  };
`;

/** A Worker that listens. */
export class Worker {
  /** What workerd said on stderr. */
  errors = '';
  #process;

  /**
   * Starts a Worker of a program's text. `data` are paths of files that it imports as './NAME';
   * `bundle` is the path of what KV has as shop.attune, `collector` the address that COLLECTOR reaches.
   */
  static async start(name, program, { data = {}, bundle, collector, vars = {} } = {}) {
    const worker = new Worker();
    const folder = join(programs, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const script = await bundleProgram(`${name}/worker`, program, {
      conditions: ['workerd', 'worker', 'browser'],
      external: ['*.wasm', 'cloudflare:*', ...Object.keys(data).map((one) => `./${one}`)],
      minify: true,
    });
    copyFileSync(fileURLToPath(wasmUrl), join(folder, 'attune.wasm'));
    for (const [one, path] of Object.entries(data)) copyFileSync(path, join(folder, one));
    if (bundle) copyFileSync(bundle, join(folder, 'bundle'));
    writeFileSync(join(folder, 'kv.js'), kKvService);
    writeFileSync(join(folder, 'config.capnp'), configOf(basename(script), Object.keys(data), { hasKv: !!bundle, collector, vars }));
    await worker.#run(folder);
    worker.script = script;
    return worker;
  }

  async #run(folder) {
    const stdio = ['ignore', 'ignore', 'pipe', 'pipe'];
    const begun = performance.now();
    this.#process = spawn(WORKERD, ['serve', 'config.capnp', '--control-fd=3'], { cwd: folder, stdio });
    this.#process.stderr.on('data', (text) => (this.errors += text));
    const late = setTimeout(() => this.#process.kill(), kStartMs);
    for await (const line of createInterface({ input: this.#process.stdio[3] })) {
      const { event, port } = JSON.parse(line);
      if (event !== 'listen') continue;
      clearTimeout(late);
      this.listensAfterMs = performance.now() - begun;
      this.url = `http://127.0.0.1:${port}`;
      return;
    }
    throw new Error(`workerd did not start: ${this.errors}`);
  }

  get pid() {
    return this.#process.pid;
  }

  async stop() {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
  }
}

function configOf(script, data, { hasKv, collector, vars }) {
  const bindings = [
    '(name = "HISTORY", durableObjectNamespace = "HistoryObject")',
    ...(hasKv ? ['(name = "BUNDLES", kvNamespace = "kv")'] : []),
    ...(collector ? ['(name = "COLLECTOR", service = "collector")'] : []),
    ...Object.entries(vars).map(([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`),
  ];
  const modules = [
    `(name = "worker.js", esModule = embed "${script}")`,
    '(name = "attune.wasm", wasm = embed "attune.wasm")',
    ...data.map((name) => `(name = "${name}", data = embed "${name}")`),
  ];
  // In the order in which they start: with every Worker that starts workerd drops the code of all modules of wasm,
  // and KV is none where Workers are deployed.
  const services = [
    ...(hasKv ? ['(name = "kv", worker = .kv)'] : []),
    '(name = "main", worker = .main)',
    ...(collector ? [`(name = "collector", external = (address = "${collector}", http = ()))`] : []),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(', ')}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = "2026-04-01",
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [(className = "HistoryObject", uniqueKey = "history")],
  durableObjectStorage = (inMemory = void),
);
${hasKv ? `const kv :Workerd.Worker = (
  modules = [(name = "kv.js", esModule = embed "kv.js"), (name = "bundle", data = embed "bundle")],
  compatibilityDate = "2026-04-01",
);` : ''}
`;
}

/** A collector that notes what it is sent and answers as it is told. */
export class FakeCollector {
  requests = [];
  answers = [];
  #server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    this.requests.push({ path: request.url, headers: request.headers, body });
    const { status = 200, json = {} } = this.answers.shift() ?? {};
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  /** Resolves when so many requests have come. */
  async waitFor(count) {
    for (let i = 0; this.requests.length < count; i++) {
      if (i === 500) throw new Error(`only ${this.requests.length} of ${count} requests came`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
