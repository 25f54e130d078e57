// Deltas as the trainer makes them and the page applies them; whatever is wrong, the bundle is loaded
// whole.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';

import { applyDelta } from '../../js/dist/delta.js';
import { load, memoryStore } from '../../js/dist/node.js';
import { FakeCaches } from './fake-caches.mjs';
import { bundles, kExcludeSeen, root } from './fixtures.mjs';
import { fileOf, manifestOf, newKey, sha256, shop, signed, Site } from './publishing.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');
const key = newKey();
let folder;
let site;
let other; // the shop's bundle with a filter more
let delta; // what makes it of the shop's
let whole; // manifest and paths for it

before(async () => {
  site = await new Site().start();
  folder = mkdtempSync(join(tmpdir(), 'attune-delta-'));
  const run = (...options) => execFileSync(ATTUNE, options, { cwd: folder, encoding: 'utf8' });
  run('keygen', '--output', 'k');
  run('publish', '--bundle', bundles.sims, '--to', 'shop', '--key', 'k');
  run('filter', '--bundle', bundles.sims, '--save', 'unseen', kExcludeSeen, '--output', 'other');
  run('publish', '--bundle', 'other', '--to', 'shop', '--key', 'k');
  other = readFileSync(join(folder, 'other'));
  const name = readdirSync(join(folder, 'shop')).find((one) => one.endsWith('.delta'));
  delta = readFileSync(join(folder, 'shop', name));
  assert.equal(name, `${sha256(delta)}.delta`);
  whole = { [`/shop/${sha256(other)}.attune`]: other };
});
after(() => {
  site.stop();
  rmSync(folder, { recursive: true, force: true });
});

const define = (name, value) => 
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
beforeEach(() => {
  site.files.clear();
  site.trouble = () => undefined;
  define('caches', new FakeCaches());
  define('location', { origin: site.base, href: `${site.base}/` });
});
afterEach(() => {
  delete globalThis.caches;
  delete globalThis.location;
});

/** Loads the shop's bundle and updates to the other one; the endings of the files asked for. */
async function updated({ bytes = delta, entry = {}, more } = {}) {
  site.publish(signed(manifestOf(shop), key));
  const options = { publicKeys: [key.text], versionStore: memoryStore() };
  let recommender = await load(site.manifest, options);
  const deltas = [{ ...fileOf(bytes), from: sha256(shop), ...entry }];
  site.publish(signed(manifestOf(other, { version: 2, deltas }), key), other);
  site.files.set(`/shop/${sha256(bytes)}.delta`, bytes);
  for (const [path, body] of Object.entries(more?.files ?? {})) site.files.set(path, body);
  site.requests.length = 0;
  if (more?.restart) {
    recommender.dispose();
    recommender = await load(site.manifest, options);
  } else assert.equal(await recommender.update(), true);
  assert.equal(recommender.version, 2);
  assert.deepEqual(Object.keys(recommender.filters), ['unseen']);
  recommender.dispose();
  const paths = site.requests.map(([path]) => path.replace(/.*\./, '.'));
  return paths.filter((path) => path !== '.json');
}

test('the trainer\'s delta is applied instead of loading the bundle, also at the next start', async () => {
  assert.ok(delta.length < other.length / 2, `${delta.length} of ${other.length} bytes`);
  assert.deepEqual(await updated(), ['.delta']);
  globalThis.caches = new FakeCaches();
  assert.deepEqual(await updated({ more: { restart: true } }), ['.delta']);
});

test('without a copy of the older bundle everything is loaded', async () => {
  delete globalThis.caches;
  assert.deepEqual(await updated(), ['.attune']);
});

test('a delta from another bundle, or one of more than half, is not even asked for', async () => {
  assert.deepEqual(await updated({ entry: { from: sha256('x') } }), ['.attune']);
  globalThis.caches = new FakeCaches();
  assert.deepEqual(await updated({ bytes: Buffer.alloc(other.length) }), ['.attune']);
});

const raw = () => inflateSync(delta);
const changed = (change) => {
  const bytes = raw();
  change(bytes);
  return deflateSync(bytes);
};
const kWrong = {
  'of other bytes than the manifest says': { more: { files: () => ({ [`/shop/${sha256(delta)}.delta`]: delta.subarray(1) }) } },
  'that is no stream': { bytes: () => Buffer.from('no stream') },
  'that is cut off': { bytes: () => delta.subarray(0, -9) },
  'that makes another bundle': { bytes: () => changed((bytes) => (bytes[bytes.length - 1] ^= 1)) },
  'of another length': { bytes: () => changed((bytes) => bytes.writeUint32LE(7, 4)) },
  'with more records than it has': { bytes: () => changed((bytes) => bytes.writeUint32LE(300, 8)) },
  'with endless records': { bytes: () => changed((bytes) => bytes.writeUint32LE(2 ** 32 - 1, 8)) },
  'that copies from beyond the older bundle': { bytes: () => changed((bytes) => bytes.writeUint32LE(2 ** 32 - 2, 16)) },
  'that unfolds to gigabytes': { bytes: () => deflateSync(Buffer.alloc(64 << 20)).subarray(0, 2500) },
};
for (const [what, { bytes, more }] of Object.entries(kWrong)) {
  test(`after a delta ${what} everything is loaded`, async () => {
    const files = more?.files();
    const asked = await updated({ ...(bytes && { bytes: bytes() }), more: { files } });
    assert.deepEqual(asked, ['.delta', '.attune']);
  });
}

test('a missing delta costs nothing but the question', async () => {
  site.trouble = (path) => (path.endsWith('.delta') ? [404, {}] : undefined);
  assert.deepEqual(await updated(), ['.delta', '.attune']);
});

/** A delta of two records by hand: 100 bytes kept, 50 put in, the last 150 copied with 1 added. */
function smallDelta() {
  const bytes = Buffer.alloc(12 + 24 + 250 + 50);
  [0x4c445441, 300, 2, 100, 0, 50, 150, 250, 0].forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
  bytes.fill(1, 36 + 100, 36 + 250);
  bytes.fill(7, 36 + 250);
  return bytes;
}

test('twenty thousand broken deltas are refused or make just as many bytes', async () => {
  const older = shop.subarray(0, 400);
  const wanted = Buffer.concat([
    older.subarray(0, 100), Buffer.alloc(50, 7), older.subarray(250, 400).map((byte) => byte + 1),
  ]);
  assert.deepEqual(Buffer.from(await applyDelta(older, deflateSync(smallDelta()), 300)), wanted);
  let state = 1;
  const below = (most) =>
    Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * most);
  let refused = 0;
  const kTrials = 20_000;
  for (let trial = 0; trial < kTrials; trial++) {
    let bad = smallDelta();
    // Inside the stream mostly where lengths and places are, or the stream itself.
    if (trial % 4) for (let flips = 0; flips < 1 + below(3); flips++) bad[below(44)] ^= 1 << below(8);
    bad = deflateSync(bad);
    if (trial % 4 === 0) bad[below(bad.length)] ^= 1 << below(8);
    const made = await applyDelta(older, bad, 300).catch(() => undefined);
    if (made) assert.equal(made.length, 300);
    else refused++;
  }
  assert.ok(refused > kTrials / 2 && refused < kTrials, `${refused}`);
});

test('what is served whole is what the trainer wrote', () => {
  const [[path, bytes]] = Object.entries(whole);
  assert.equal(path, `/shop/${sha256(bytes)}.attune`);
  assert.deepEqual(readFileSync(join(folder, path)), bytes);
});
