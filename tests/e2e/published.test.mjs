// A signed manifest in a real browser: WebCrypto, IndexedDB, the Cache API and a strict policy.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { dist, root } from '../js/fixtures.mjs';
import { later, manifestOf, newKey, sha256, shop, signed } from '../js/publishing.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`;
const kPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const kHost = 'shop.test'; // neither https nor the loopback's name: no crypto.subtle

const key = newKey();
let browser;
let server;
let context;
let page;
let down = false;
const files = new Map();
const asked = [];

function publish(manifest, bundle = shop, by = key) {
  files.set(`/shop/${sha256(bundle)}.attune`, bundle);
  files.set('/shop/manifest.json', Buffer.from(signed(manifest, by)));
}

function answer({ url, headers }, response) {
  asked.push(url);
  const isShop = url.startsWith('/shop/');
  if (isShop && down) return response.destroy();
  const name = url.slice('/dist/'.length);
  const body = isShop
    ? files.get(url)
    : url.startsWith('/dist/')
      ? readFileSync(new URL(name, dist))
      : '<!doctype html><title>shop</title>';
  if (!body) return response.writeHead(404).end();
  const etag = `"${sha256(body).slice(0, 16)}"`;
  const type = /\.js$/.test(url) ? 'text/javascript' : /\.wasm$/.test(url) ? 'application/wasm' : 'text/html';
  const cache = url.endsWith('.attune') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const known = headers['if-none-match'] === etag;
  response.writeHead(known ? 304 : 200, {
    'content-type': type, 'content-security-policy': kPolicy, 'cache-control': cache, etag,
  });
  return response.end(known ? undefined : body);
}

before(async () => {
  if (skip) return;
  const { chromium } = createRequire(join(root, 'js/package.json'))('playwright-core');
  server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP ${kHost} 127.0.0.1`],
  });
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(async () => {
  await context?.close();
  context = await browser?.newContext();
  page = await context?.newPage();
  down = false;
  files.clear();
  publish(manifestOf(shop));
});

const open = (host = '127.0.0.1') => page.goto(`http://${host}:${server.address().port}/`);

/** Loads in the page; what it got, or the error's code. The recommender stays as `recommender`. */
const loadInPage = () =>
  page.evaluate(async (publicKey) => {
    const { load } = await import('/dist/index.js');
    try {
      globalThis.recommender = await load('/shop/manifest.json', { publicKeys: [publicKey] });
    } catch (error) {
      return { code: error.code ?? String(error), message: error.message };
    }
    const { version, itemCount, stale, updateError, storageError } = globalThis.recommender;
    globalThis.session = globalThis.recommender.session();
    globalThis.session.record({ itemId: 'a3' });
    const { modelVersion } = globalThis.session.getRecommendations({ numResults: 3 });
    return { version, itemCount, modelVersion, stale, code: updateError?.code, storage: storageError?.message };
  }, key.text);

const update = () =>
  page.evaluate(async () => {
    const { recommender, session } = globalThis;
    const result = await recommender.update().catch((error) => error.code);
    return [result, session.getRecommendations().modelVersion, session.history.length];
  });

const kLoaded = {
  version: 1, itemCount: 31, modelVersion: 1, stale: false, code: undefined, storage: undefined,
};

test('a page under a strict policy loads, updates and asks with the ETag', { skip }, async () => {
  await open();
  assert.deepEqual(await loadInPage(), kLoaded);
  assert.deepEqual(await update(), [false, 1, 1]);
  publish(manifestOf(later, { version: 2 }), later);
  assert.deepEqual(await update(), [true, 2, 1]);
  publish(manifestOf(shop, { version: 3 }), shop, newKey());
  assert.deepEqual(await update(), ['BAD_SIGNATURE', 2, 1]);
});

test('a page reloaded remembers the version, and starts without a network', { skip }, async () => {
  publish(manifestOf(shop, { version: 5 }));
  await open();
  assert.equal((await loadInPage()).version, 5);
  await page.reload();
  asked.length = 0;
  assert.equal((await loadInPage()).version, 5);
  assert.deepEqual(asked.filter((url) => url.endsWith('.attune')), [], 'the copy is used');
  publish(manifestOf(later, { version: 4 }), later);
  await page.reload();
  const old = await loadInPage();
  assert.equal(old.version, 5);
  assert.equal(old.code, 'ROLLBACK');
  down = true;
  await page.reload();
  const alone = await loadInPage();
  assert.equal(alone.version, 5);
  assert.equal(alone.code, 'NETWORK');
  assert.equal(alone.storage, undefined);
});

test('without a copy a rollback is refused outright', { skip }, async () => {
  publish(manifestOf(shop, { version: 5 }));
  await open();
  await loadInPage();
  await page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
  publish(manifestOf(later, { version: 4 }), later);
  await page.reload();
  assert.equal((await loadInPage()).code, 'ROLLBACK');
});

test('a page without https verifies by itself, and refuses what is forged', { skip }, async () => {
  await open(kHost);
  assert.equal(await page.evaluate(() => globalThis.crypto.subtle === undefined), true);
  assert.deepEqual(await loadInPage(), kLoaded);
  publish(manifestOf(later, { version: 2 }), later, newKey());
  assert.deepEqual(await update(), ['BAD_SIGNATURE', 1, 1]);
  publish(manifestOf(later, { version: 2 }), later);
  assert.deepEqual(await update(), [true, 2, 1]);
});

test('a part of the package that cannot be had is NETWORK', { skip }, async () => {
  await page.route('**/published.js', (route) => route.abort());
  await open();
  const { code, message } = await loadInPage();
  assert.equal(code, 'NETWORK');
  assert.match(message, /a part of attune cannot be had/);
});

test('those who load a plain bundle download nothing of this', { skip }, async () => {
  await open();
  asked.length = 0;
  await page.evaluate(async (path) => {
    const { load } = await import('/dist/index.js');
    (await load(path)).dispose();
  }, `/shop/${sha256(shop)}.attune`);
  assert.deepEqual(asked.filter((url) => /published|manifest|publication|ed25519|sha2/.test(url)), []);
});
