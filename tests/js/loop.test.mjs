// The whole loop: a device's events reach the collector, an update learns from them, and the device
// follows the version that is published then.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { createTracker } from '../../js/dist/tracker.js';
import { attune, Place, start } from './collector.mjs';

let place;
let server;

before(async () => {
  place = new Place();
  place.import('items', [['ITEM_ID', 'string'], ['PRICE', 'float']], ['a,1', 'b,2', 'c,3', 'fresh,4']);
  place.import('interactions', [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long'], ['EVENT_TYPE', 'string']],
    [1, 2, 3].flatMap((user) => ['a', 'b', 'c'].slice(0, 4 - user).map((item) => `u${user},${item},${1_700_000_000 + user},click`)));
  server = await start(place);
});
after(async () => {
  await server?.stop();
  place?.remove();
});

/** Runs attune, which must succeed. */
function run(...words) {
  const { code, err } = attune(...words);
  assert.equal(code, 0, err);
}

test("today's clicks are in everybody's model after the next update, and devices follow it", async () => {
  const bundle = place.file('shop.attune');
  const key = place.file('shop.key');
  const folder = place.file('public');
  const publish = () => run('publish', '--bundle', bundle, '--to', folder, '--key', key, '--dataset', 'shop');
  run('keygen', '--output', key);
  run('train', '--store', place.store, '--recipe', 'popularity-count', '--validation', 'none', '--output', bundle);
  publish();
  const publicKeys = [readFileSync(`${key}.pub`, 'utf8').trim()];
  const recommender = await load(`${folder}/manifest.json`, { publicKeys });
  const popular = () => recommender.session().getRecommendations({ numResults: 1 });
  assert.equal(popular().itemList[0].itemId, 'a');

  const rejected = [];
  const tracker = createTracker({ endpoint: server.url, trackingId: place.key, consent: 'sync', onRejected: (one) => rejected.push(one) });
  const session = recommender.session();
  tracker.attach(session);
  session.record({ itemId: 'fresh' });
  for (let visitor = 0; visitor < 5; visitor++) {
    await tracker.track({ eventType: 'click', itemId: 'fresh', sessionId: `s${visitor}`, userId: `v${visitor}` });
  }
  assert.equal(await tracker.flush(), true);
  assert.deepEqual([tracker.deliveryError, rejected], [undefined, []]);
  tracker.dispose();

  run('update', '--store', place.store, '--bundle', bundle, '--output', bundle);
  publish();
  assert.equal(await recommender.update(), true);
  const { itemList, modelVersion } = popular();
  assert.equal(itemList[0].itemId, 'fresh');
  assert.equal(modelVersion, recommender.version);
  assert.deepEqual(session.history.map(({ itemId }) => itemId), ['fresh']);
  recommender.dispose();
});
