// Bundles that come in parts: what recommends first, the items' metadata later.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { load, memoryStore } from '../../js/dist/node.js';
import { load as loadInWorker } from '../../js/dist/worker.js';
import { pretendPage } from './fake-caches.mjs';
import { bundles, errorOf, idsOf, root } from './fixtures.mjs';
import { fileOf, manifestOf, newKey, sha256, shop, later as laterShop, signed, Site } from './publishing.mjs';
import { workerEnds } from './worker-ends.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');
const key = newKey();
const folder = mkdtempSync(join(tmpdir(), 'attune-parts-'));
let site;
/** The files that attune publish makes of the bundle, in order; the second one is metadata. */
let parts;

function publish(to, ...more) {
  const path = join(folder, 'key');
  if (!readdirSync(folder).includes('key')) execFileSync(ATTUNE, ['keygen', '--output', path]);
  execFileSync(ATTUNE, ['publish', '--bundle', bundles.sims, '--to', join(folder, to), '--key', path, ...more]);
  const { signed: text } = JSON.parse(readFileSync(join(folder, to, 'manifest.json'), 'utf8'));
  return JSON.parse(text).parts;
}

before(async () => {
  site = await new Site().start();
  parts = publish('apart', '--metadata-apart', '1').map((part) => ({
    ...part,
    content: readFileSync(join(folder, 'apart', `${part.sha256}.attune`)),
  }));
});
after(() => {
  site.stop();
  rmSync(folder, { recursive: true });
});

/** Serves the bundle in parts; `changes` are the contents that take the place of others. */
function serve({ version = 1, metadata = parts[1].content } = {}) {
  const contents = parts.map(({ content, later }) => (later ? metadata : content));
  site.putFile(...contents);
  const listed = contents.map((content, i) => ({ ...fileOf(content), ...(i === 1 && { later: true }) }));
  const bundle = Buffer.concat(contents);
  site.files.set('/shop/manifest.json', Buffer.from(signed(manifestOf(bundle, { version, parts: listed }), key)));
}
const metadataPath = () => `/shop/${parts[1].sha256}.attune`;
/** The metadata cannot be had. */
const withhold = () => (site.trouble = (path) => (path === metadataPath() ? [503, {}] : undefined));

const fresh = (more) => ({ publicKeys: [key.text], versionStore: memoryStore(), ...more });
const loading = (more) => load(site.manifest, fresh({ metadata: 'later', ...more }));
const kAsked = { numResults: 5, timestamp: 1_700_200_000, metadataColumns: { ITEMS: ['TITLE', 'PRICE'] } };

beforeEach(() => {
  site.trouble = () => undefined;
  site.files.clear();
  serve();
  site.seen();
});

describe('attune publish', () => {
  test('puts metadata into a file of its own, and the files in their order are the bundle', async () => {
    const recommender = await load(bundles.sims);
    const { TITLE } = recommender.item('a1').metadata;
    recommender.dispose();
    assert.deepEqual(parts.map(({ content }) => content.includes(TITLE)), [false, true, false]);
    assert.deepEqual(parts.map(({ later = false }) => later), [false, true, false]);
    assert.deepEqual(Buffer.concat(parts.map(({ content }) => content)), shop);
  });

  test('leaves little metadata where they are', () => {
    assert.equal(publish('whole').length, 1);
  });
});

describe('a bundle in parts', () => {
  test('is loaded as a whole unless the metadata may come later', async () => {
    const recommender = await load(site.manifest, fresh());
    assert.deepEqual(site.seen(/attune$/), [200, 200, 200]);
    assert.equal(recommender.columns.length, 5);
    await recommender.loadMetadata();
    recommender.dispose();
  });

  test('recommends before its metadata are there, and the same', async () => {
    withhold();
    const [early, whole] = await Promise.all([loading(), load(bundles.sims)]);
    const lists = [early, whole].map((recommender) => {
      const session = recommender.session();
      session.record({ itemId: 'a1' });
      const { itemList } = session.getRecommendations({ numResults: 5, filter: 'EXCLUDE ItemID WHERE Items.ITEM_ID IN ("a2")' });
      const { personalizedRanking } = session.getPersonalizedRanking({ inputList: ['b1', 'a1'] });
      return [itemList, personalizedRanking, recommender.similarItems('a1').itemList];
    });
    assert.ok(lists[0][0].length > 0);
    assert.deepEqual(lists[0], lists[1]);
    assert.equal(early.itemCount, 31);
    early.dispose();
    whole.dispose();
  });

  test('says of everything that needs the metadata that they have not come, and brings them', async () => {
    withhold();
    const recommender = await loading();
    const session = recommender.session();
    session.record({ itemId: 'a1', eventType: 'click', timestamp: 1_700_000_000 });
    const notLoaded = errorOf('NOT_LOADED', /await loadMetadata\(\)/);
    const list = (options) => () => session.getRecommendations(options);
    assert.deepEqual(recommender.columns, []);
    assert.throws(list({ metadataColumns: { ITEMS: ['TITLE'] } }), notLoaded);
    assert.throws(list({ filter: 'EXCLUDE ItemID WHERE Items.PRICE > 5' }), notLoaded);
    assert.throws(list({ maxPerValue: { column: 'GENRES', count: 1 } }), notLoaded);
    assert.throws(list({ freshnessBoost: 1 }), notLoaded);
    assert.throws(list({ explorationWeight: 0.3 }), notLoaded);
    assert.throws(() => recommender.item('a1'), notLoaded);
    assert.throws(() => recommender.checkFilter('EXCLUDE ItemID WHERE Items.PRICE > 5'), notLoaded);
    assert.equal(recommender.has('a1'), true);
    await assert.rejects(recommender.loadMetadata(), errorOf('NETWORK', /503/));
    assert.throws(list(kAsked), notLoaded);

    site.trouble = () => undefined;
    await recommender.loadMetadata();
    const whole = await load(bundles.sims);
    const other = whole.session();
    other.restore(session.save());
    const { itemList } = session.getRecommendations({ ...kAsked, filter: 'INCLUDE ItemID WHERE Items.PRICE > 0' });
    assert.ok(itemList.some(({ metadata }) => metadata.TITLE));
    assert.deepEqual(itemList, other.getRecommendations({ ...kAsked, filter: 'INCLUDE ItemID WHERE Items.PRICE > 0' }).itemList);
    assert.deepEqual(recommender.columns, whole.columns);
    assert.deepEqual(recommender.item('a1'), whole.item('a1'));
    recommender.dispose();
    whole.dispose();
  });

  test('brings its metadata by itself', async () => {
    const recommender = await loading();
    await recommender.loadMetadata();
    assert.deepEqual(site.seen(/attune$/), [200, 200, 200], 'each file once');
    assert.equal(recommender.columns.length, 5);
    recommender.dispose();
  });

  test('takes no metadata that are not what was signed', async () => {
    const forged = Buffer.from(parts[1].content);
    forged[forged.length - 1] ^= 1;
    site.files.set(metadataPath(), forged);
    const recommender = await loading();
    await assert.rejects(recommender.loadMetadata(), errorOf('HASH_MISMATCH'));
    assert.throws(() => recommender.item('a1'), errorOf('NOT_LOADED'));
    assert.ok(recommender.similarItems('a1').itemList.length > 0);
    recommender.dispose();
  });

  test('with metadata that are signed and broken goes on without', async () => {
    serve({ metadata: Buffer.alloc(parts[1].content.length, 0xff) });
    const recommender = await loading();
    await assert.rejects(recommender.loadMetadata(), errorOf('CORRUPT_BUNDLE'));
    assert.deepEqual(recommender.columns, []);
    assert.ok(recommender.similarItems('a1').itemList.length > 0);
    recommender.dispose();
  });

  test('gives way to a newer version, which comes with its metadata', async () => {
    withhold();
    const recommender = await loading();
    const session = recommender.session();
    session.record({ itemId: 'a1' });
    site.publish(signed(manifestOf(laterShop, { version: 2 }), key), laterShop);
    assert.equal(await recommender.update(), true);
    await recommender.loadMetadata().catch(() => recommender.loadMetadata());
    assert.equal(session.getRecommendations(kAsked).itemList.length, 5);
    assert.equal(recommender.columns.length, 5);
    recommender.dispose();
  });

  test('that is disposed of does not wait for its metadata', async () => {
    const recommender = await loading();
    recommender.dispose();
    await assert.rejects(recommender.loadMetadata());
    assert.throws(() => recommender.has('a1'), errorOf('DISPOSED'));
  });

  test('refuses a word in place of now and later, and a manifest that says neither true nor false', async () => {
    await assert.rejects(loading({ metadata: 'soon' }), errorOf('INVALID_ARGUMENT', /neither "now" nor "later"/));
    const listed = [{ ...fileOf(shop), later: 'yes' }];
    site.publish(signed(manifestOf(shop, { parts: listed }), key));
    await assert.rejects(loading(), errorOf('BAD_MANIFEST', /"later" is "yes"/));
  });
});

describe('in a worker', () => {
  /** What load of attune/worker gives, with the worker in this process. */
  async function inWorker(more) {
    const [worker] = workerEnds();
    ends.push(worker);
    return loadInWorker(site.manifest, { worker, publicKeys: [key.text], ...more });
  }
  const ends = [];
  after(() => ends.forEach((end) => end.close()));

  test('recommends before its metadata are there, and says what needs them', async () => {
    withhold();
    const recommender = await inWorker({ metadata: 'later' });
    assert.deepEqual(recommender.facts.columns, []);
    const session = recommender.session();
    await session.record({ itemId: 'a1' });
    assert.equal((await session.getRecommendations({ numResults: 5 })).itemList.length, 5);
    await assert.rejects(session.getRecommendations(kAsked), errorOf('NOT_LOADED', /await loadMetadata\(\)/));
    await assert.rejects(recommender.item('a1'), errorOf('NOT_LOADED'));
    await assert.rejects(recommender.loadMetadata(), errorOf('NETWORK', /503/));
    assert.deepEqual(recommender.facts.columns, []);

    site.trouble = () => undefined;
    assert.equal(await recommender.loadMetadata(), undefined);
    const whole = await load(bundles.sims);
    assert.deepEqual(recommender.facts.columns, whole.columns);
    assert.deepEqual(await recommender.item('a1'), whole.item('a1'));
    assert.ok((await session.getRecommendations(kAsked)).itemList.some(({ metadata }) => metadata.TITLE));
    whole.dispose();
    recommender.dispose();
  });

  test('has all of it at once unless the metadata may come later, and refuses another word', async () => {
    const recommender = await inWorker();
    assert.equal(recommender.facts.columns.length, 5);
    await recommender.loadMetadata();
    recommender.dispose();
    await assert.rejects(inWorker({ metadata: 'soon' }), errorOf('INVALID_ARGUMENT', /neither "now" nor "later"/));
  });
});

describe('in a page', () => {
  pretendPage(() => site);

  test('a copy is kept when all of the bundle is there, and not before', async () => {
    withhold();
    const recommender = await loading();
    await recommender.loadMetadata().catch(() => {});
    assert.deepEqual(caches.urls(), []);
    site.trouble = () => undefined;
    await recommender.loadMetadata();
    assert.deepEqual(caches.urls(), [`${site.base}/shop/${sha256(shop)}.attune`, site.manifest]);
    recommender.dispose();
    site.trouble = () => [503, {}];
    const offline = await loading();
    assert.equal(offline.columns.length, 5);
    assert.ok(idsOf(offline.similarItems('a1')).length > 0);
    offline.dispose();
  });
});
