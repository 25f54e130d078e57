// Deltas as the trainer makes them and the page applies them; whatever is wrong, the bundle is loaded
// whole.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';

import { applyDelta } from '../../js/dist/delta.js';
import { load, memoryStore } from '../../js/dist/node.js';
import { FakeCaches, pretendPage } from './fake-caches.mjs';
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

beforeEach(() => {
  site.files.clear();
  site.trouble = () => undefined;
});
pretendPage(() => site);

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
// The header's words: magic, length, then how many runs, steps, ranges and records there are.
const kHeader = { length: 4, runs: 8, steps: 12, ranges: 16, records: 20, end: 24 };
const recordsAt = (bytes) =>
  [kHeader.runs, kHeader.steps, kHeader.ranges].reduce((at, word) => at + 12 * bytes.readUint32LE(word), kHeader.end);
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
  'of the first format': { bytes: () => changed((bytes) => bytes.write('ATDL')) },
  'of another length': { bytes: () => changed((bytes) => bytes.writeUint32LE(7, kHeader.length)) },
  'with more records than it has': { bytes: () => changed((bytes) => bytes.writeUint32LE(300, kHeader.records)) },
  'with endless records': { bytes: () => changed((bytes) => bytes.writeUint32LE(2 ** 32 - 1, kHeader.records)) },
  'with endless items': { bytes: () => changed((bytes) => bytes.writeUint32LE(2 ** 32 - 1, kHeader.end)) },
  'that copies from beyond the older bundle': { bytes: () => changed((bytes) => bytes.writeUint32LE(2 ** 32 - 2, recordsAt(bytes) + 4)) },
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

const kWords = [
  0x32445441, 300, 2, 4, 1, 2,
  3, 1, 2, 2, 0, 0, // of six items the fourth goes and two come after it
  1, 2, 8, 3, 4, 7, 2, 3, 6, 0, 1, 5, // numbers, offsets, rows of three bytes, five bytes more
  16, 9, 0, // offsets: the first and eight lengths
  100, 0, 50, 150, 250, 0, // 100 bytes kept, 50 put in, 150 copied with 1 added
];

/** A delta by hand, of words and what they say follows. */
function smallDelta() {
  const bytes = Buffer.alloc(4 * kWords.length + 300);
  kWords.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
  bytes.fill(7, bytes.length - 200, bytes.length - 150);
  bytes.fill(1, bytes.length - 150);
  return bytes;
}

/** An older file for it: item numbers 0, 5, 3, 4, ..., offsets of rows as long as they are far, rows. */
function smallOlder() {
  const older = Buffer.from(shop.subarray(0, 400));
  [0, 5, 3, 4, 2, 1, 6, 65535].forEach((number, i) => older.writeUInt16LE(number, 2 * i));
  [0, 1, 3, 6, 10, 15, 21].forEach((offset, i) => older.writeUInt32LE(offset, 16 + 4 * i));
  return older;
}

/** What the delta makes of it. */
function smallNewer(older) {
  const base = Buffer.alloc(16 + 4 + 28 + 21);
  [0, 6, 3, 5, 2, 1, 6, 65535].forEach((number, i) => base.writeUInt16LE(number, 2 * i));
  [0, 1, 2, 3, 0, 0, 5, 6].forEach((length, i) => base.writeUInt32LE(length, 16 + 4 * i));
  older.copy(base, 48, 44, 53);
  older.copy(base, 63, 56, 62);
  const rearranged = Buffer.concat([base, older.subarray(62)]);
  const newer = Buffer.concat([
    rearranged.subarray(0, 100), Buffer.alloc(50, 7), rearranged.subarray(250, 400).map((byte) => byte + 1),
  ]);
  for (let i = 1; i < 9; i++)
    newer.writeUInt32LE((newer.readUInt32LE(16 + 4 * i) + newer.readUInt32LE(12 + 4 * i)) >>> 0, 16 + 4 * i);
  return newer;
}

test('twenty thousand broken deltas are refused or make just as many bytes', async () => {
  const older = smallOlder();
  assert.deepEqual(Buffer.from(await applyDelta(older, deflateSync(smallDelta()), 300)), smallNewer(older));
  let state = 1;
  const below = (most) =>
    Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * most);
  let refused = 0;
  const kTrials = 20_000;
  for (let trial = 0; trial < kTrials; trial++) {
    let bad = smallDelta();
    // Inside the stream mostly where lengths and places are, or the stream itself.
    if (trial % 4) for (let flips = 0; flips < 1 + below(3); flips++) bad[below(4 * kWords.length)] ^= 1 << below(8);
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
