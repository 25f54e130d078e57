import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { load, memoryStore } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, wasmUrl } from './fixtures.mjs';
import { fileOf, kDay, later, manifestOf, newKey, now, shop, signed, Site } from './publishing.mjs';

const key = newKey();
const other = newKey();
let site;
before(async () => (site = await new Site().start()));
after(() => site.stop());
beforeEach(() => {
  site.trouble = () => undefined;
  site.publish(signed(manifestOf(shop), key));
  site.seen();
});

/** Options that share no state with other tests. */
const fresh = (more) => ({ publicKeys: [key.text], versionStore: memoryStore(), ...more });
const publishLater = (changes) =>
  site.publish(signed(manifestOf(later, { version: 2, ...changes }), key), later);

describe('a manifest loads', () => {
  test('with the bundle it names, and says which version answers', async () => {
    const recommender = await load(site.manifest, fresh());
    assert.equal(recommender.version, 1);
    assert.equal(recommender.dataset, 'shop');
    assert.equal(recommender.stale, false);
    assert.ok(recommender.expiresAt.getTime() > Date.now());
    assert.equal(recommender.updateError, undefined);
    assert.equal(recommender.storageError, undefined);
    const session = recommender.session();
    session.record({ itemId: 'a1' });
    assert.equal(session.getRecommendations().modelVersion, 1);
    assert.equal(session.getPersonalizedRanking({ inputList: ['a1'] }).modelVersion, 1);
    assert.equal(recommender.similarItems('a1').modelVersion, 1);
    recommender.dispose();
  });

  test('with its module begun before the manifest has come', async () => {
    let requests;
    const wasm = {
      then(resolve) {
        requests = site.requests.length;
        resolve(readFileSync(wasmUrl));
      },
    };
    const recommender = await load(site.manifest, fresh({ wasm }));
    assert.equal(requests, 0);
    recommender.dispose();
    const broken = Promise.reject(new TypeError('no module today'));
    await assert.rejects(load(site.manifest, fresh({ wasm: broken })), /no module today/);
  });

  test('from a URL, a Request with headers, and a Response', async () => {
    for (const source of [
      site.manifest,
      new URL(site.manifest),
      new Request(site.manifest, { headers: { authorization: 'Bearer x' } }),
      await fetch(site.manifest),
    ]) {
      const recommender = await load(source, fresh());
      assert.equal(recommender.itemCount, 31);
      assert.equal(await recommender.update(), false);
      recommender.dispose();
    }
    const sent = site.headers.filter(({ authorization }) => authorization === 'Bearer x');
    assert.equal(sent.length, 3, 'the manifest, its file and the update carry the header');
  });

  test('from a path and a file: URL', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attune-published-'));
    const path = join(folder, 'manifest.json');
    writeFileSync(join(folder, `${fileOf(shop).sha256}.attune`), shop);
    writeFileSync(path, signed(manifestOf(shop), key));
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const recommender = await load(source, fresh());
      assert.equal(recommender.itemCount, 31);
      assert.equal(await recommender.update(), false);
      recommender.dispose();
    }
    rmSync(folder, { recursive: true });
  });

  test('a bundle in parts is put together', async () => {
    const parts = [shop.subarray(0, 1000), shop.subarray(1000, 1001), shop.subarray(1001)];
    site.putFile(...parts);
    site.publish(signed(manifestOf(shop, { parts: parts.map(fileOf) }), key));
    const recommender = await load(site.manifest, fresh());
    assert.equal(recommender.itemCount, 31);
    recommender.dispose();
  });

  test('signed by any one of the pinned keys, so that keys can be changed', async () => {
    site.publish(signed(manifestOf(shop), newKey(), other));
    const recommender = await load(site.manifest, fresh({ publicKeys: [key.text, other.text] }));
    site.publish(signed(manifestOf(later, { version: 2 }), key), later);
    assert.equal(await recommender.update(), true);
    recommender.dispose();
  });

  test('unsigned only when publicKeys says so, its files still checked', async () => {
    site.publish(signed(manifestOf(shop)));
    const recommender = await load(site.manifest, fresh({ publicKeys: 'none' }));
    assert.equal(recommender.version, 1);
    recommender.dispose();
    site.files.set(`/shop/${fileOf(shop).sha256}.attune`, later);
    await assert.rejects(
      load(site.manifest, fresh({ publicKeys: 'none' })),
      errorOf('HASH_MISMATCH'),
    );
  });
});

describe('what load() is asked to do wrongly', () => {
  test('a manifest without publicKeys says what is missing', async () => {
    await assert.rejects(load(site.manifest), errorOf('INVALID_ARGUMENT', /needs publicKeys/));
  });

  test('a plain bundle with publicKeys is not believed', async () => {
    await assert.rejects(load(bundles.sims, fresh()), errorOf('BAD_MANIFEST'));
  });

  test('options are checked by name', async () => {
    const bad = {
      publicKeys: [[], ['x'], [`${key.text} `], 'all', null, key.text, [5]],
      pollSeconds: [0, -1, NaN, 1e9, 'x'],
      dataset: ['', 5],
    };
    for (const [name, values] of Object.entries(bad))
      for (const value of values)
        await assert.rejects(
          load(site.manifest, fresh({ [name]: value })),
          errorOf('INVALID_ARGUMENT', new RegExp(name)),
          `${name}: ${value}`,
        );
    await assert.rejects(load(bundles.sims, { pollSeconds: 5 }), errorOf('INVALID_ARGUMENT'));
    await assert.rejects(load(Buffer.from('{}'), fresh()), errorOf('INVALID_ARGUMENT', /no URL/));
  });

  test('an abort is an abort', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(load(site.manifest, fresh({ signal })), errorOf('ABORTED'));
  });
});

describe('update()', () => {
  test('asks with the ETag and takes 304 for an answer', async () => {
    const recommender = await load(site.manifest, fresh());
    site.seen();
    assert.equal(await recommender.update(), false);
    assert.equal(await recommender.update(), false);
    assert.deepEqual(site.seen(), [304, 304]);
    recommender.dispose();
  });

  test('goes over to a new version; sessions keep their state', async () => {
    const recommender = await load(site.manifest, fresh());
    const session = recommender.session();
    for (const itemId of ['a1', 'a3', 'a4']) session.record({ itemId });
    const { recommendationId } = session.getRecommendations();
    const fresher = recommender.session();
    publishLater();
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.version, 2);
    assert.equal(recommender.has('a0'), true);
    assert.equal(recommender.has('b1'), false);
    assert.deepEqual(session.history.map(({ itemId }) => itemId), ['a1', 'a3', 'a4']);
    const answer = session.getRecommendations({ numResults: 5 });
    assert.equal(answer.modelVersion, 2);

    const direct = await load(later);
    const same = direct.session();
    for (const itemId of ['a1', 'a3', 'a4']) same.record({ itemId });
    assert.deepEqual(answer.itemList, same.getRecommendations({ numResults: 5 }).itemList);

    assert.equal(session.recordImpressions(recommendationId), true, 'older lists are still known');
    assert.equal(fresher.getRecommendations().modelVersion, 2);
    session.record({ itemId: 'c1' });
    session.dispose();
    recommender.dispose();
    direct.dispose();
  });

  test('attributes move to the new model, those it does not know are left out', async () => {
    const query = readFileSync(bundles.query);
    site.publish(signed(manifestOf(shop), key));
    const recommender = await load(site.manifest, fresh());
    const session = recommender.session();
    session.setAttributes({ TASTE: 'red', AGE: 50 }); // sims knows no columns and takes any
    session.setAttributes({ taste: 'blue' });
    session.setAttributes({ UNKNOWN: 'x', TASTE: 'red' });
    site.publish(signed(manifestOf(query, { version: 2 }), key), query);
    await recommender.update();
    const direct = await load(bundles.query);
    const same = direct.session({ attributes: { TASTE: 'red', AGE: 50 } });
    assert.deepEqual(idsOf(session.getRecommendations()), idsOf(same.getRecommendations()));
    assert.deepEqual(
      session.getRecommendations({ numResults: 3, timestamp: 1 }).itemList,
      same.getRecommendations({ numResults: 3, timestamp: 1 }).itemList,
    );
    recommender.dispose();
    direct.dispose();
  });

  test('a session with a stored history goes on storing', async () => {
    const store = memoryStore();
    const recommender = await load(site.manifest, fresh({ store }));
    const session = recommender.session({ userId: 'u' });
    session.record({ itemId: 'a1' });
    publishLater();
    await recommender.update();
    session.record({ itemId: 'a3' });
    await session.flush();
    session.dispose();
    const again = recommender.session({ userId: 'u' });
    await again.ready;
    await again.flush();
    assert.deepEqual(again.history.map(({ itemId }) => itemId), ['a1', 'a3']);
    assert.equal(again.storageError, undefined);
    recommender.dispose();
  });

  test('a new version of the same bundle is no download', async () => {
    const recommender = await load(site.manifest, fresh());
    site.publish(signed(manifestOf(shop, { version: 7 }), key));
    site.seen();
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.version, 7);
    assert.equal(recommender.session().getRecommendations().modelVersion, 7);
    assert.deepEqual(site.seen(/attune$/), []);
    recommender.dispose();
  });

  test('updates asked for at once are one', async () => {
    const recommender = await load(site.manifest, fresh());
    publishLater();
    site.seen();
    assert.deepEqual(await Promise.all([recommender.update(), recommender.update()]), [true, true]);
    assert.deepEqual(site.seen(), [200, 200]);
    recommender.dispose();
  });

  test('a network that fails is NETWORK, then forgotten; the callback hears of both', async () => {
    const outcomes = [];
    const recommender = await load(site.manifest, fresh({ onUpdate: (one) => outcomes.push(one) }));
    site.trouble = () => [503, {}];
    await assert.rejects(recommender.update(), errorOf('NETWORK', /503/));
    assert.equal(recommender.updateError.code, 'NETWORK');
    assert.equal(recommender.session().getRecommendations().modelVersion, 1);
    site.trouble = () => undefined;
    publishLater();
    await recommender.update();
    assert.equal(recommender.updateError, undefined);
    await new Promise(setImmediate);
    assert.deepEqual(
      outcomes.map(({ version, updated, error }) => [version, updated, error?.code]),
      [[1, false, 'NETWORK'], [2, true, undefined]],
    );
    recommender.dispose();
  });

  test('after dispose() is DISPOSED, and one under way does not come back to life', async () => {
    const recommender = await load(site.manifest, fresh());
    publishLater();
    const updating = recommender.update();
    recommender.dispose();
    await assert.rejects(updating, errorOf('DISPOSED'));
    await assert.rejects(recommender.update(), errorOf('DISPOSED'));
    assert.throws(() => recommender.session(), errorOf('DISPOSED'));
  });

  test('an expired manifest goes on when it is loaded, and says so', async (context) => {
    const recommender = await load(site.manifest, fresh());
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 31 * kDay * 1000 });
    assert.equal(recommender.stale, true);
    await assert.rejects(recommender.update(), errorOf('EXPIRED'));
    assert.equal(recommender.session().getRecommendations().modelVersion, 1);
    publishLater({ expiresAt: now() + 5 });
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.stale, false);
    assert.equal(recommender.updateError, undefined);
    recommender.dispose();
  });
});
