// What a page keeps for starts without a network, and how polls come. The page is a pretence: a
// location and a Cache API; a real one is in tests/e2e.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { load, memoryStore } from '../../js/dist/node.js';
import { errorOf } from './fixtures.mjs';
import { define, pretendPage } from './fake-caches.mjs';
import { kDay, later, manifestOf, newKey, sha256, shop, signed, Site } from './publishing.mjs';

const key = newKey();
let site;
let versionStore;
before(async () => (site = await new Site().start()));
after(() => site.stop());
beforeEach(() => {
  site.trouble = () => undefined;
  site.files.clear();
  site.publish(signed(manifestOf(shop), key));
  site.seen();
  versionStore = memoryStore();
});

const loading = (more) => load(site.manifest, { publicKeys: [key.text], versionStore, ...more });
const offline = () => (site.trouble = () => [503, {}]);

describe('in a page', () => {
  pretendPage(() => site);

  test('a checked bundle is kept, and the next start needs no network', async () => {
    (await loading()).dispose();
    offline();
    const recommender = await loading();
    assert.equal(recommender.itemCount, 31);
    assert.equal(recommender.updateError.code, 'NETWORK');
    assert.equal(recommender.stale, false);
    site.trouble = () => undefined;
    site.publish(signed(manifestOf(later, { version: 2 }), key), later);
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.updateError, undefined);
    recommender.dispose();
  });

  test('the next start with a network does not download the bundle again', async () => {
    (await loading()).dispose();
    site.seen();
    (await loading()).dispose();
    assert.deepEqual(site.seen(/attune$/), []);
  });

  test('only the version in use is kept', async () => {
    const recommender = await loading();
    site.publish(signed(manifestOf(later, { version: 2 }), key), later);
    await recommender.update();
    assert.deepEqual(caches.urls().sort(), [
      `${site.base}/shop/${sha256(later)}.attune`,
      site.manifest,
    ].sort());
    // A new version of the same bundle: its manifest is kept with the file that is there.
    site.publish(signed(manifestOf(later, { version: 3 }), key), later);
    await recommender.update();
    recommender.dispose();
    offline();
    const again = await loading();
    assert.equal(again.version, 3);
    again.dispose();
  });

  test('a manifest that expired since starts without a network, and is stale', async (context) => {
    (await loading()).dispose();
    offline();
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 40 * kDay * 1000 });
    const recommender = await loading();
    assert.equal(recommender.stale, true);
    assert.equal(recommender.updateError.code, 'NETWORK');
    recommender.dispose();
  });

  test('a start with a forged manifest takes what was kept, and says why', async () => {
    (await loading()).dispose();
    site.publish(signed(manifestOf(later, { version: 2 }), newKey()), later);
    const recommender = await loading();
    assert.equal(recommender.version, 1);
    assert.equal(recommender.updateError.code, 'BAD_SIGNATURE');
    recommender.dispose();
  });

  test('what was kept and changed since is not believed', async () => {
    (await loading()).dispose();
    const [entries] = caches.stores.values();
    const file = `${site.base}/shop/${sha256(shop)}.attune`;
    entries.get(file)[100] ^= 1;
    offline();
    await assert.rejects(loading(), errorOf('NETWORK'));
    entries.get(file)[100] ^= 1;
    (await loading()).dispose();
    entries.set(site.manifest, new TextEncoder().encode(signed(manifestOf(shop), newKey())));
    await assert.rejects(loading(), errorOf('NETWORK'));
    // With a network the file is loaded again, and the copy mended.
    site.trouble = () => undefined;
    (await loading()).dispose();
    offline();
    (await loading()).dispose();
  });

  test('an older copy is no way back', async () => {
    (await loading()).dispose();
    const [entries] = caches.stores.values();
    const old = new Map(entries);
    site.publish(signed(manifestOf(later, { version: 2 }), key), later);
    (await loading()).dispose();
    for (const [url, bytes] of old) entries.set(url, bytes);
    offline();
    await assert.rejects(loading(), errorOf('NETWORK'));
  });

  test('nothing is kept when offline is false, and a cache that fails stops nothing', async () => {
    (await loading({ offline: false })).dispose();
    assert.deepEqual(caches.urls(), []);
    caches.fails = true;
    const recommender = await loading();
    assert.equal(recommender.storageError.code, 'STORAGE');
    assert.equal(recommender.itemCount, 31);
    recommender.dispose();
  });

  test('a wrong file in the browser\'s own cache is asked for again past it', async () => {
    let asked = 0;
    site.trouble = (path) => {
      if (!path.endsWith('.attune')) return undefined;
      site.files.set(path, asked++ === 0 ? later : shop);
      return undefined;
    };
    (await loading()).dispose();
    assert.equal(asked, 2);
  });

  test('across origins no If-None-Match is sent, which would need a preflight', async () => {
    globalThis.location.origin = 'https://elsewhere.example';
    const recommender = await loading();
    site.headers.length = 0;
    assert.equal(await recommender.update(), false);
    assert.equal(site.headers[0]['if-none-match'], undefined);
    globalThis.location.origin = site.base;
    assert.equal(await recommender.update(), false);
    assert.notEqual(site.headers[1]['if-none-match'], undefined);
    recommender.dispose();
  });
});

test('without a Cache API a start without a network fails and says so', async () => {
  (await loading()).dispose();
  offline();
  await assert.rejects(loading(), errorOf('NETWORK', /503/));
});

describe('polls', () => {
  /** Delays of the timers set from now on, in seconds; `fire` runs the latest one. */
  function watchTimers(context) {
    const delays = [];
    let latest;
    const real = globalThis.setTimeout;
    context.mock.method(globalThis, 'setTimeout', (act, ms, ...rest) => {
      if (!/=> \{\s*this/.test(String(act))) return real(act, ms, ...rest); // other than a poll
      delays.push(ms / 1000);
      latest = act;
      return real(() => {}, 0);
    });
    const fire = async () => {
      const before = delays.length;
      latest();
      while (delays.length === before) await new Promise(setImmediate);
    };
    return { delays, fire };
  }

  test('come at random about every pollSeconds and take new versions over', async (context) => {
    const { delays, fire } = watchTimers(context);
    const recommender = await loading({ pollSeconds: 600 });
    for (let i = 0; i < 40; i++) await fire();
    assert.equal(delays.length, 41);
    assert.ok(delays.every((delay) => delay >= 300 && delay <= 900), String(delays));
    assert.ok(new Set(delays).size > 30);
    site.publish(signed(manifestOf(later, { version: 2 }), key), later);
    await fire();
    assert.equal(recommender.version, 2);
    recommender.dispose();
  });

  test('become rarer after failures, up to an hour or pollSeconds, and normal again', async (context) => {
    context.mock.method(Math, 'random', () => 0.5);
    const { delays, fire } = watchTimers(context);
    const recommender = await loading({ pollSeconds: 600 });
    offline();
    for (let i = 0; i < 6; i++) await fire();
    site.trouble = () => undefined;
    await fire();
    assert.deepEqual(delays, [600, 1200, 2400, 3600, 3600, 3600, 3600, 600]);
    recommender.dispose();
  });

  test('wait as long as Retry-After says, in seconds or as a date', async (context) => {
    context.mock.method(Math, 'random', () => 0.5);
    const { delays, fire } = watchTimers(context);
    const recommender = await loading({ pollSeconds: 10 });
    site.trouble = () => [503, { 'retry-after': '5000' }];
    await fire();
    site.trouble = () => [429, { 'retry-after': new Date(Date.now() + 7_000_000).toUTCString() }];
    await fire();
    site.trouble = () => [404, { 'retry-after': '9999' }];
    await fire();
    assert.equal(delays[1], 5000);
    assert.ok(Math.abs(delays[2] - 7000) < 3, String(delays[2]));
    assert.equal(delays[3], 80);
    recommender.dispose();
  });

  test('end with dispose(), and wait while the device is offline', async (context) => {
    const { delays, fire } = watchTimers(context);
    const recommender = await loading({ pollSeconds: 600 });
    define('navigator', { onLine: false });
    site.seen();
    await fire();
    assert.deepEqual(site.seen(), []);
    delete globalThis.navigator;
    recommender.dispose();
    const count = delays.length;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(delays.length, count);
  });

  test('a program that polls may end', async () => {
    const module = new URL('../../js/dist/node.js', import.meta.url).href;
    const program = `import { load } from ${JSON.stringify(module)};
      await load(process.argv[1], { publicKeys: 'none', pollSeconds: 600 }); console.log('loaded');`;
    const folder = mkdtempSync(join(tmpdir(), 'attune-poll-'));
    writeFileSync(`${folder}/manifest.json`, signed(manifestOf(shop), key));
    writeFileSync(`${folder}/${sha256(shop)}.attune`, shop);
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, `${folder}/manifest.json`],
      { encoding: 'utf8', timeout: 60_000 },
    );
    rmSync(folder, { recursive: true });
    assert.equal(stdout, 'loaded\n');
    assert.equal(status, 0);
  });
});
