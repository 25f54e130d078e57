// attune/worker in real browsers: a module worker under a strict policy.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, idsOf, kExcludeSeen } from '../js/fixtures.mjs';
import { noChromium, noFirefox, withChromium, withFirefox } from '../js/hosts.mjs';

const kPage = `
  import { load } from '/dist/worker.js';
  const ids = ({ itemList }) => itemList.map(({ itemId }) => itemId);
  const filter = ${JSON.stringify(kExcludeSeen)};
  globalThis.answers = async () => {
    const recommender = await load('/bundle', { wasm: '/attune.wasm' });
    const session = recommender.session({ userId: 'ada' });
    await session.ready;
    void session.record({ itemId: 'b1', timestamp: 1700000000 });
    const list = await session.getRecommendations({ numResults: 10, filter });
    await session.flush();
    const storageError = await session.storageError();
    recommender.dispose();
    const again = await load(await (await fetch('/bundle')).arrayBuffer(), { wasm: await (await fetch('/attune.wasm')).arrayBuffer() });
    const kept = again.session({ userId: 'ada' });
    await kept.ready;
    const history = await kept.history();
    const error = await again.similarItems('nowhere').catch(({ name, code, message }) => ({ name, code, message }));
    again.dispose();
    const gone = new Worker('/dist/nowhere.js', { type: 'module' });
    const lost = await load('/bundle', { worker: gone }).catch(({ code }) => code);
    return { ids: ids(list), scores: list.itemList.map(({ score }) => score), history, storageError, error, lost };
  };
  globalThis.ready = true;
`;
const files = { '/bundle': ['application/octet-stream', readFileSync(bundles.sims)] };

for (const [name, skip, withBrowser] of [['Chromium', noChromium, withChromium], ['Firefox', noFirefox, withFirefox]]) {
  test(`in ${name} a worker recommends as the package does, keeps histories, and says what failed`, { skip }, async () => {
    const found = await withBrowser((answersTo) => answersTo(kPage, files));
    const recommender = await load(bundles.sims);
    const session = recommender.session();
    session.record({ itemId: 'b1', timestamp: 1_700_000_000 });
    const wanted = session.getRecommendations({ numResults: 10, filter: kExcludeSeen });
    assert.deepEqual(found.ids, idsOf(wanted));
    assert.deepEqual(found.scores, wanted.itemList.map(({ score }) => score));
    assert.equal(found.storageError, undefined);
    assert.deepEqual(found.history.map(({ itemId }) => itemId), ['b1'], 'another worker finds it');
    assert.deepEqual(found.error, { name: 'AttuneError', code: 'NOT_FOUND', message: 'similarItems: item "nowhere" is not in the bundle' });
    assert.equal(found.lost, 'NETWORK');
    recommender.dispose();
  });
}
