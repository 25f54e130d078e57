// A thousand versions taken over while lists are asked for: none fails, none mixes two versions, and
// no memory is left behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { load, memoryStore } from '../../js/dist/node.js';
import { idsOf, kExcludeSeen, root } from './fixtures.mjs';
import { later, manifestOf, newKey, shop, signed, Site } from './publishing.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');
const kSwaps = 1000;
const kMiB = 1 << 20;
const kBad = 10; // every so manieth publication is broken

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const key = newKey();
let site;
before(async () => (site = await new Site().start()));
after(() => site.stop());

async function held() {
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  const { arrayBuffers, external, heapUsed } = process.memoryUsage();
  return arrayBuffers + external + heapUsed;
}

test('a thousand versions under load: no failed answer, no mixed one, no memory left behind', async () => {
  // See memory.test.mjs.
  const alive = setInterval(() => {}, 1000);
  const options = { publicKeys: [key.text], versionStore: memoryStore() };
  site.publish(signed(manifestOf(shop), key));
  const recommender = await load(site.manifest, options);
  const sessions = Array.from({ length: 5 }, (_, i) => {
    const session = recommender.session();
    for (const itemId of ['a3', 'a4', 'a5'].slice(i % 3)) session.record({ itemId });
    return session;
  });
  // What each bundle alone answers to the same sessions.
  const expected = new Map();
  for (const bundle of [shop, later]) {
    const direct = await load(bundle);
    expected.set(bundle, sessions.map(({ history }) => {
      const session = direct.session();
      for (const event of history) session.record(event);
      return idsOf(session.getRecommendations({ numResults: 5 }));
    }));
    direct.dispose();
  }
  const bundleOfVersion = (version) => (version % 2 ? shop : later);

  let answers = 0;
  let asking = true;
  const versions = new Set();
  const ask = async () => {
    while (asking) {
      sessions.forEach((session, i) => {
        const { modelVersion, itemList } = session.getRecommendations({ numResults: 5 });
        assert.deepEqual(idsOf({ itemList }), expected.get(bundleOfVersion(modelVersion))[i]);
        versions.add(modelVersion);
        answers++;
      });
      const passing = recommender.session();
      passing.record({ itemId: 'a3' });
      assert.equal(passing.getRecommendations().modelVersion, recommender.version);
      passing.dispose();
      await new Promise(setImmediate);
    }
  };
  const asked = ask();
  let memory;
  let refused = 0;
  for (let version = 2; version <= kSwaps + 1; version++) {
    const bundle = bundleOfVersion(version);
    if (version % kBad === 0) {
      site.publish(signed(manifestOf(bundle, { version }), newKey()), bundle);
      await assert.rejects(recommender.update());
      refused++;
    }
    site.publish(signed(manifestOf(bundle, { version }), key), bundle);
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.version, version);
    if (version === 50) memory = await held();
  }
  asking = false;
  await asked;
  assert.equal(refused, kSwaps / kBad);
  assert.ok(versions.size > kSwaps / 2, `${versions.size} versions answered`);
  assert.ok(answers > kSwaps, `${answers} answers`);
  const growth = (await held()) - memory;
  clearInterval(alive);
  assert.ok(growth < 16 * kMiB, `${(growth / kMiB).toFixed(1)} MiB more after ${kSwaps} versions`);
  recommender.dispose();
});

test('what was shown counts in the next version as well, and clear() forgets it there too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-shown-'));
  const at = (name) => join(folder, name);
  const run = (...options) => execFileSync(ATTUNE, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  run('synth', '--world', 'shop', '--users', '50', '--items', '40', '--interactions', '2000', '--seed', '1', '--output', folder);
  for (const type of ['items', 'interactions'])
    run('import', '--store', at('s.db'), '--type', type, '--schema', at(`${type}.avsc`), at(`${type}.csv`));
  run('train', '--store', at('s.db'), '--recipe', 'sims', '--validation', 'none', '--output', at('one'));
  // The same model in another file.
  run('filter', '--bundle', at('one'), '--save', 'unseen', kExcludeSeen, '--output', at('two'));
  const [one, two] = ['one', 'two'].map((name) => readFileSync(at(name)));
  rmSync(folder, { recursive: true });

  site.publish(signed(manifestOf(one), key), one);
  const options = { publicKeys: [key.text], versionStore: memoryStore() };
  const moving = await load(site.manifest, options);
  const direct = await load(two);
  const ask = { numResults: 8, explorationWeight: 1, explorationItemAgeCutOff: 36_500, seed: 3, timestamp: 1_700_000_000 };
  const shown = (recommender) => {
    const session = recommender.session();
    for (let i = 0; i < 30; i++) session.recordImpressions(idsOf(direct.session().getRecommendations(ask)));
    for (let i = 0; i < 60; i++) session.record({ itemId: 'nowhere', timestamp: i }); // shows nothing, pushes nothing out
    return session;
  };
  const sessions = [shown(moving), shown(direct)];
  const cleared = shown(moving);
  cleared.clear();
  site.publish(signed(manifestOf(two, { version: 2 }), key), two);
  assert.equal(await moving.update(), true);
  const [moved, wanted, forgotten, never] = [...sessions, cleared, direct.session()].map(
    (session) => session.getRecommendations(ask).itemList,
  );
  assert.deepEqual(moved, wanted);
  assert.notDeepEqual(wanted, never, 'what was shown is explored less');
  assert.deepEqual(forgotten, never);
  moving.dispose();
  direct.dispose();
});
