import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

import { load as loadAsBrowser } from '../../js/dist/index.js';
import { load as loadInline } from '../../js/dist/inline.js';
import { load } from '../../js/dist/node.js';
import { bundles, errorOf, wasmUrl } from './fixtures.mjs';

const bytes = readFileSync(bundles.sims);
const wasm = readFileSync(wasmUrl);

/** Path -> [status, content type, body]. */
const kPages = {
  '/shop.attune': [200, 'application/octet-stream', bytes],
  '/right.wasm': [200, 'application/wasm', wasm],
  '/wrong.wasm': [200, 'text/plain', wasm],
  '/page.wasm': [200, 'text/html', Buffer.from('<!doctype html>')],
  '/broken.wasm': [200, 'application/wasm', wasm.subarray(0, 100)],
};
const requests = [];
let server;
let base;

before(async () => {
  server = createServer((request, response) => {
    requests.push(request.url);
    if (request.url === '/never.attune') return;
    const [status, type, body] = kPages[request.url] ?? [404, 'text/html', 'nothing here'];
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** Loads, asks, gives up; the answer shows that the whole bundle arrived. */
async function itemCount(loading) {
  const recommender = await loading;
  assert.equal(recommender.recipe, 'sims');
  assert.equal(recommender.similarItems('a1', { numResults: 3 }).itemList.length, 3);
  recommender.dispose();
  return recommender.itemCount;
}

const shifted = new Uint8Array(bytes.length + 9);
shifted.set(bytes, 5);
const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
shared.set(bytes);

const kSources = {
  'an absolute path': () => bundles.sims,
  'a relative path': () => relative(process.cwd(), bundles.sims),
  'a file: URL': () => pathToFileURL(bundles.sims),
  'a file: URL as text': () => pathToFileURL(bundles.sims).href,
  'an http URL': () => new URL('/shop.attune', base),
  'an http URL as text': () => `${base}/shop.attune`,
  'a Request': () => new Request(`${base}/shop.attune`),
  'a Response': () => new Response(bytes),
  'a Response still to be fetched': () => fetch(`${base}/shop.attune`),
  'a Buffer': () => bytes,
  'an ArrayBuffer': () => Uint8Array.from(bytes).buffer,
  'a view with a byteOffset and a shorter length': () => shifted.subarray(5, 5 + bytes.length),
  'a DataView with a byteOffset': () => new DataView(shifted.buffer, 5, bytes.length),
  'shared memory': () => shared,
};

for (const [what, source] of Object.entries(kSources)) {
  test(`a bundle loads from ${what}`, async () => {
    assert.equal(await itemCount(load(await source())), 31);
  });
}

/** A response that brings the bundle a kilobyte at a time. */
function inPieces(headers) {
  let at = 0;
  const pull = (controller) => {
    if (at >= bytes.length) return controller.close();
    return controller.enqueue(new Uint8Array(bytes.subarray(at, (at += 1000))));
  };
  return new Response(new ReadableStream({ pull }), { headers });
}

const kLengths = {
  'says nothing of its length': {},
  'says its length': { 'content-length': bytes.length },
  // A page does not see of a compressed response from elsewhere that it is one.
  'is longer than it says': { 'content-length': 2500 },
  'is shorter than it says': { 'content-length': bytes.length + 5000 },
  'says the length of what was compressed': { 'content-encoding': 'gzip', 'content-length': 2500 },
  'says a length that no bundle has': { 'content-length': 1e15 },
  'says something else than a length': { 'content-length': 'many' },
};

for (const [what, headers] of Object.entries(kLengths)) {
  test(`a bundle loads from a response in pieces that ${what}`, async () => {
    assert.equal(await itemCount(load(inPieces(headers))), 31);
  });
}

test('a response that breaks off in the middle of the bundle is NETWORK', async () => {
  const headers = { 'content-length': bytes.length };
  const start = (controller) => controller.enqueue(new Uint8Array(bytes.subarray(0, 1000)));
  const pull = (controller) => controller.error(new Error('the cable was pulled'));
  const response = new Response(new ReadableStream({ start, pull }), { headers });
  await assert.rejects(load(response), errorOf('NETWORK', /broke off: the cable was pulled/));
});

test('JSON in place of a bundle says what it lacks, from wherever it comes', async () => {
  const json = new TextEncoder().encode('{"signed": "a manifest"}');
  for (const source of [json, new Response(json)])
    await assert.rejects(load(source), errorOf('INVALID_ARGUMENT', /needs publicKeys/));
});

const shiftedWasm = new Uint8Array(wasm.length + 3);
shiftedWasm.set(wasm, 3);

const kWasmSources = {
  'a URL with the right type': () => `${base}/right.wasm`,
  'a URL with a wrong type': () => new URL('/wrong.wasm', base),
  'a path': () => wasmUrl,
  'a Response': () => new Response(wasm, { headers: { 'content-type': 'application/wasm' } }),
  'a promise of a Response': () => fetch(`${base}/right.wasm`),
  'a view with a byteOffset': () => shiftedWasm.subarray(3),
  'a compiled module': () => WebAssembly.compile(wasm),
};

for (const [what, source] of Object.entries(kWasmSources)) {
  test(`attune.wasm loads from ${what}`, async () => {
    assert.equal(await itemCount(load(bundles.sims, { wasm: source() })), 31);
  });
}

test('the browser entry and the inline entry load the same bundle', async () => {
  assert.equal(await itemCount(loadAsBrowser(bytes, { wasm })), 31);
  assert.equal(
    await itemCount(loadAsBrowser(`${base}/shop.attune`, { wasm: `${base}/right.wasm` })),
    31,
  );
  assert.equal(await itemCount(loadInline(bytes)), 31);
});

test('a module is compiled once for all loads from one URL or of one object', async () => {
  requests.length = 0;
  const url = `${base}/right.wasm?once`;
  kPages['/right.wasm?once'] = kPages['/right.wasm'];
  await Promise.all([
    itemCount(load(bytes, { wasm: url })),
    itemCount(load(bytes, { wasm: new URL(url) })),
  ]);
  await itemCount(load(bytes, { wasm: url }));
  assert.deepEqual(requests, ['/right.wasm?once']);
  const response = await fetch(`${base}/right.wasm`);
  await itemCount(load(bytes, { wasm: response }));
  await itemCount(load(bytes, { wasm: response }));
});

test('a module that could not be had is tried again by the next load', async () => {
  const wasm = `${base}/later.wasm`;
  await assert.rejects(load(bytes, { wasm }), errorOf('WASM_UNAVAILABLE', /404/));
  kPages['/later.wasm'] = kPages['/right.wasm'];
  assert.equal(await itemCount(load(bytes, { wasm })), 31);
});

test('two recommenders of one module do not touch each other', async () => {
  const [sims, popularity] = await Promise.all([load(bundles.sims), load(bundles.popularity)]);
  sims.dispose();
  assert.equal(popularity.recipe, 'popularity-count');
  assert.equal(popularity.has('a1'), true);
});

test('a bundle cut off anywhere is a typed error, never a crash', async () => {
  for (let length = 0; length < bytes.length; length += 97) {
    await assert.rejects(load(bytes.subarray(0, length)), (error) => {
      assert.match(error.code, /^(NOT_A_BUNDLE|CORRUPT_BUNDLE)$/);
      return error.name === 'AttuneError';
    });
  }
});

test('bytes that are no bundle are refused by name', async () => {
  await assert.rejects(load(new Uint8Array(0)), errorOf('NOT_A_BUNDLE'));
  await assert.rejects(
    load(Buffer.from('x'.repeat(1000))),
    errorOf('NOT_A_BUNDLE', /not an Attune bundle/),
  );
  await assert.rejects(load(wasm), errorOf('NOT_A_BUNDLE'));
});

test('an error inside the bundle says where', async () => {
  await assert.rejects(
    load(Buffer.from('x'.repeat(1000))),
    (error) => error.at === 4 && / \(at 4\)$/.test(error.message),
  );
});

test('an answer that is not 2xx is NETWORK and names the URL and status', async () => {
  const missing = `${base}/missing.attune`;
  await assert.rejects(load(missing), errorOf('NETWORK', /missing\.attune is 404/));
  await assert.rejects(load(new Response('', { status: 503 })), errorOf('NETWORK', /503/));
});

test('a server that cannot be reached is NETWORK with its cause', async () => {
  const gone = createServer();
  await new Promise((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${gone.address().port}/shop.attune`;
  await new Promise((resolve) => gone.close(resolve));
  await assert.rejects(
    load(url),
    (error) => errorOf('NETWORK')(error) && error.cause instanceof Error,
  );
});

test('a response whose body is gone is NETWORK', async () => {
  const response = new Response(bytes);
  await response.arrayBuffer();
  await assert.rejects(load(response), errorOf('NETWORK', /broke off/));
});

test('a file that is not there is FILE_UNREADABLE and named', async () => {
  await assert.rejects(
    load('no-such-folder/shop.attune'),
    errorOf('FILE_UNREADABLE', /no-such-folder/),
  );
});

test('a wasm that is missing, cut off, a page or another module is WASM_UNAVAILABLE', async () => {
  const other = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  const folder = mkdtempSync(join(tmpdir(), 'attune-'));
  writeFileSync(join(folder, 'other.wasm'), other);
  const sources = [
    `${base}/none.wasm`,
    `${base}/broken.wasm`,
    `${base}/page.wasm`,
    other,
    join(folder, 'other.wasm'),
  ];
  for (const wasm of sources)
    await assert.rejects(load(bytes, { wasm }), errorOf('WASM_UNAVAILABLE'));
  rmSync(folder, { recursive: true });
});

test('a signal aborts the loading, before and while it fetches', async () => {
  const reason = new Error('the user left');
  await assert.rejects(
    load(bytes, { signal: AbortSignal.abort(reason) }),
    (error) => errorOf('ABORTED')(error) && error.cause === reason,
  );
  const controller = new AbortController();
  const loading = load(`${base}/never.attune`, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(loading, errorOf('ABORTED'));
});

test('what is no source, and options that do not exist, are refused by name', async () => {
  for (const source of [undefined, null, 5, {}, []]) {
    await assert.rejects(load(source), errorOf('INVALID_ARGUMENT', /no source of bundle/));
    if (source !== undefined)
      await assert.rejects(load(bytes, { wasm: source }), errorOf('INVALID_ARGUMENT'));
  }
  await assert.rejects(
    load(bytes, { wasmm: wasm }),
    errorOf('INVALID_ARGUMENT', /"wasmm".*did you mean "wasm"/),
  );
  await assert.rejects(load(bytes, { maxEvents: 0 }), errorOf('INVALID_ARGUMENT', /maxEvents: 0/));
  await assert.rejects(load(bytes, 'wasm'), errorOf('INVALID_ARGUMENT'));
});

test('a file that is too large to be read in one go is read in halves, whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-load-'));
  try {
    const size = 5 * 2 ** 20;
    const digits = [0, 7, 14, 21].map((shift, i) => ((size >> shift) & 127) | (i < 3 ? 128 : 0));
    const remark = Buffer.alloc(size, 1); // of a module: a section with a name of one letter that says nothing
    const path = join(folder, 'large.wasm');
    writeFileSync(path, Buffer.concat([wasm, Buffer.from([0, ...digits]), remark]));
    assert.equal(await itemCount(load(bundles.sims, { wasm: path })), 31);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a Node that cannot be asked for its modules imports them', async (t) => {
  const { getBuiltinModule } = process;
  process.getBuiltinModule = undefined;
  t.after(() => (process.getBuiltinModule = getBuiltinModule));
  assert.equal(await itemCount(load(bundles.sims)), 31);
  await assert.rejects(load('nowhere.attune'), errorOf('FILE_UNREADABLE', /ENOENT/));
});

test('an error is printed by the name that the README has, though names in the files are short', async () => {
  const error = await load('nowhere.attune').catch((error) => error);
  assert.match(inspect(error), /^AttuneError: cannot read nowhere\.attune/);
});
