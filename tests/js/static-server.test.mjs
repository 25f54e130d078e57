// examples/movies/serve.mjs: what it serves, what it refuses, and with which headers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import {
  CONTENT_SECURITY_POLICY,
  createStaticServer,
  listen,
} from '../../examples/movies/serve.mjs';

const SCRIPT = fileURLToPath(new URL('../../examples/movies/serve.mjs', import.meta.url));
const PAGE = '<!doctype html><title>Hello</title>';
const CODE = 'export const answer = 42;\n'.repeat(50);
let base, root, server, port;

before(async () => {
  base = mkdtempSync(join(tmpdir(), 'attune-serve-'));
  root = join(base, 'site');
  mkdirSync(join(root, 'models'), { recursive: true });
  writeFileSync(join(base, 'secret.txt'), 'outside');
  mkdirSync(join(base, 'site-other'));
  writeFileSync(join(base, 'site-other', 'secret.txt'), 'a sibling whose name begins the same');
  writeFileSync(join(root, 'index.html'), PAGE);
  writeFileSync(join(root, 'app.js'), CODE);
  writeFileSync(join(root, 'app.js.br'), brotliCompressSync(CODE));
  writeFileSync(join(root, 'app.js.gz'), gzipSync(CODE));
  writeFileSync(join(root, 'attune.wasm'), Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]));
  writeFileSync(join(root, 'models', 'sims.attune'), Buffer.alloc(64, 7));
  writeFileSync(join(root, 'style.css'), 'body{}');
  writeFileSync(join(root, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(root, '.hidden'), 'hidden');
  symlinkSync(join(base, 'secret.txt'), join(root, 'link.txt'));
  server = createStaticServer(root);
  port = await listen(server, 0);
});

after(async () => {
  server.close();
  server.closeAllConnections();
  rmSync(base, { recursive: true });
});

/** Sends the path exactly as given: `fetch` would tidy "/../" away before the server sees it. */
function get(path, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

test('the page is served at / with its security headers', async () => {
  const { status, headers, body } = await get('/');
  assert.equal(status, 200);
  assert.equal(body.toString(), PAGE);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['content-security-policy'], CONTENT_SECURITY_POLICY);
  assert.match(
    CONTENT_SECURITY_POLICY,
    /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/,
  );
  assert.match(CONTENT_SECURITY_POLICY, /frame-ancestors 'none'/);
  assert.match(CONTENT_SECURITY_POLICY, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(CONTENT_SECURITY_POLICY, /unsafe-inline|'unsafe-eval'/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

test('every kind of file has its MIME type', async () => {
  const expected = {
    '/app.js': 'text/javascript; charset=utf-8',
    '/attune.wasm': 'application/wasm',
    '/models/sims.attune': 'application/octet-stream',
    '/style.css': 'text/css; charset=utf-8',
    '/icon.svg': 'image/svg+xml',
  };
  for (const [path, type] of Object.entries(expected)) {
    const { status, headers } = await get(path);
    assert.equal(status, 200, path);
    assert.equal(headers['content-type'], type, path);
  }
});

test('the precompressed file is sent to who accepts it, brotli before gzip', async () => {
  const best = await get('/app.js', { headers: { 'accept-encoding': 'gzip, deflate, br' } });
  assert.equal(best.headers['content-encoding'], 'br');
  assert.equal(brotliDecompressSync(best.body).toString(), CODE);
  assert.equal(best.headers.vary, 'Accept-Encoding');
  const gzip = await get('/app.js', { headers: { 'accept-encoding': 'br;q=0, gzip' } });
  assert.equal(gzip.headers['content-encoding'], 'gzip');
  const plain = await get('/app.js');
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.body.toString(), CODE);
});

test('a file without a compressed twin is sent as it is', async () => {
  const { headers, body } = await get('/style.css', { headers: { 'accept-encoding': 'br' } });
  assert.equal(headers['content-encoding'], undefined);
  assert.equal(body.toString(), 'body{}');
});

test('a known ETag gets 304 without a body; another one gets the file', async () => {
  const { headers } = await get('/app.js');
  const again = await get('/app.js', { headers: { 'if-none-match': `"x", W/${headers.etag}` } });
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
  assert.equal(again.headers['content-security-policy'], CONTENT_SECURITY_POLICY);
  assert.equal((await get('/app.js', { headers: { 'if-none-match': '"x"' } })).status, 200);
  const encoded = await get('/app.js', { headers: { 'accept-encoding': 'br' } });
  assert.notEqual(encoded.headers.etag, headers.etag);
});

test('HEAD answers with the length and no body', async () => {
  const { status, headers, body } = await get('/app.js', { method: 'HEAD' });
  assert.equal(status, 200);
  assert.equal(headers['content-length'], String(CODE.length));
  assert.equal(body.length, 0);
});

test('other methods are refused', async () => {
  const { status, headers } = await get('/', { method: 'POST' });
  assert.equal(status, 405);
  assert.equal(headers.allow, 'GET, HEAD');
});

test('what is not there gets the 404 page, under the same policy', async () => {
  for (const path of ['/nothing.js', '/models', '/models/', '/app.js/', '/app.js/x', '/.hidden']) {
    const { status, headers, body } = await get(path);
    assert.equal(status, 404, path);
    assert.match(body.toString(), /Not found/);
    assert.equal(headers['content-security-policy'], CONTENT_SECURITY_POLICY);
  }
});

test('no path leads out of the folder', async () => {
  const paths = [
    '/../secret.txt',
    '/models/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/models/..%2f..%2fsecret.txt',
    '//../secret.txt',
    '/../site-other/secret.txt',
    '/link.txt',
    '/index.html%00.txt',
    '/%',
    '/%c0%ae%c0%ae/secret.txt',
    `${base}/secret.txt`,
    '*',
  ];
  for (const path of paths) {
    const { status, body } = await get(path);
    assert.equal(status, 404, path);
    assert.doesNotMatch(body.toString(), /outside|sibling/, path);
  }
});

test('the server listens on the loopback address only', () => {
  assert.equal(server.address().address, '127.0.0.1');
});

test('a taken port leads to the next free one', async (t) => {
  const holder = createTcpServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const taken = holder.address().port;
  t.mock.method(console, 'log', () => {});
  const second = createStaticServer(root);
  try {
    const got = await listen(second, taken);
    assert.ok(got > taken && got < taken + 20);
    assert.match(console.log.mock.calls[0].arguments[0], new RegExp(`Port ${taken} is taken`));
  } finally {
    second.close();
    holder.close();
  }
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`the command prints its address and ends cleanly on ${signal}`, async () => {
    const child = spawn(process.execPath, [SCRIPT, root, '--port', '0']);
    const [line] = await once(child.stdout, 'data');
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(line.toString())?.[0];
    assert.ok(url, line.toString());
    assert.equal((await fetch(url)).status, 200);
    child.kill(signal);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
}

test('a wrong command line is one clear line and exit code 2', async () => {
  for (const args of [
    [],
    [root, '--port'],
    [root, '--port', '70000'],
    [root, '--prot', '1'],
    [base],
  ]) {
    const child = spawn(process.execPath, [SCRIPT, ...args]);
    const errors = [];
    child.stderr.on('data', (chunk) => errors.push(chunk));
    const [code] = await once(child, 'close');
    assert.equal(code, 2, args.join(' '));
    assert.match(Buffer.concat(errors).toString(), /^serve: [^\n]+\n$/);
  }
});
