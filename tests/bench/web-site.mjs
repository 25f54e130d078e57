// The pages of web.mjs: every contender bundled by esbuild, with its data and wasm beside it, isolated from other
// origins so that the clock resolves microseconds.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const kTypes = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html; charset=utf-8' };
const kHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cache-control': 'no-store',
};

const pageProgram = (names) => `
import { visit, raceLists } from './peers/visit.mjs';
const entries = ${JSON.stringify(Object.fromEntries(names.map((name, i) => [name, `./peer-${i}.js`])))};
const at = (shape) => ({ ...shape, files: new URL('data/', location.href).href, wasm: new URL('wasm/', location.href).href });
const open = async (name, shape) => visit((await import(entries[name])).open, at(shape));
globalThis.bench = {
  async load(name, shape) {
    const start = performance.now();
    const { open: opener } = await import(entries[name]);
    const importMs = performance.now() - start;
    const { loadMs, firstMs } = await visit(opener, at(shape));
    return { loadMs: importMs + loadMs, firstMs: importMs + firstMs };
  },
  async search(names, shape, laps) {
    const works = {};
    for (const name of names) works[name] = (await open(name, shape)).opened.search;
    return raceLists(works, shape, laps);
  },
  async record(shape, laps) {
    const { opened } = await open('attune', shape);
    return raceLists({ attune: opened.recordAndSearch }, shape, laps);
  },
};
`;

/** Bundled scripts by name: one of the page, and one of each contender that the page imports when it is its turn. */
async function bundles(here, npm, peers) {
  const { build } = npm('esbuild');
  const resolveDir = fileURLToPath(here);
  const options = { bundle: true, minify: true, write: false, format: 'esm', logLevel: 'error', external: ['node:*'] };
  const files = new Map();
  const names = peers.map(([name]) => name);
  const page = await build({ ...options, stdin: { contents: pageProgram(names), resolveDir }, external: [...options.external, './peer-*'] });
  files.set('/page.js', page.outputFiles[0].contents);
  for (const [i, [, { entry }]] of peers.entries()) {
    const { outputFiles } = await build({ ...options, splitting: true, outdir: '/', entryPoints: { [`peer-${i}`]: fileURLToPath(new URL(entry, here)) }, chunkNames: `chunk-${i}-[hash]` });
    for (const { path, contents } of outputFiles) files.set(`/${basename(path)}`, contents);
  }
  return files;
}

/** `freshPage()` is a page in a profile of its own, ready to be asked. */
export async function startSite({ here, data, peers }) {
  const npm = createRequire(new URL('../../js/package.json', here));
  const files = await bundles(here, npm, peers);
  files.set('/', Buffer.from('<!doctype html><title>Benchmark</title><script type="module" src="/page.js"></script>'));
  for (const [, { wasm }] of peers) if (wasm) files.set(`/wasm/${basename(wasm)}`, readFileSync(new URL(wasm, here)));
  const server = createServer(({ url }, response) => {
    const path = decodeURIComponent(url.split('?')[0]);
    const name = /^\/data\/(\d+\.(?:attune|onnx|f32))$/.exec(path)?.[1];
    const body = files.get(path) ?? (name && readFileSync(new URL(name, data)));
    const type = kTypes[extname(path) || '.html'] ?? 'application/octet-stream';
    response.writeHead(body ? 200 : 404, { ...kHeaders, 'content-type': type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await npm('playwright-core').chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  return {
    async freshPage() {
      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(600_000);
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.waitForFunction(() => globalThis.bench !== undefined);
      return page;
    },
    async stop() {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The vectors that the others search, as floats and as an ONNX model, once: FOLDER/ITEMS.f32, .onnx. */
export async function writeVectors(folder, items, { dimension, results }) {
  mkdirSync(folder, { recursive: true });
  if (existsSync(new URL(`${items}.onnx`, folder))) return;
  const { uniform } = await import('./laps.mjs');
  const { scanModel } = await import('./onnx.mjs');
  const vectors = Float32Array.from({ length: items * dimension }, () => uniform() - 0.5);
  writeFileSync(new URL(`${items}.f32`, folder), new Uint8Array(vectors.buffer));
  writeFileSync(new URL(`${items}.onnx`, folder), scanModel(vectors, items, dimension, results));
}
