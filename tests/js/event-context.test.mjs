// What events carry beside their type and value: recorded, stored, and asked for by filters.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load, memoryStore } from '../../js/dist/node.js';
import { bundles, errorOf } from './fixtures.mjs';

let recommender;
let sims;

before(async () => {
  [recommender, sims] = await Promise.all([load(bundles.query), load(bundles.sims)]);
});

after(() => {
  recommender.dispose();
  sims.dispose();
});

/** The ids left by a condition on interactions, in byte order. */
const left = (session, condition) =>
  session
    .getRecommendations({ numResults: 50, filter: `INCLUDE ItemID WHERE Interactions.${condition}` })
    .itemList.map(({ itemId }) => itemId)
    .sort();

function visits(options) {
  const session = recommender.session(options);
  session.record({ itemId: 'tv-red-0', context: { device: 'tv' }, eventValue: 4 });
  session.record({ itemId: 'tv-red-1', context: { DEVICE: 'phone' }, eventType: 'buy' });
  session.record({ itemId: 'tv-red-2', context: { DEVICE: null }, timestamp: 1000 });
  return session;
}

test('filters ask what events carried, of one event at a time', () => {
  const session = visits();
  assert.deepEqual(left(session, 'DEVICE = "tv"'), ['tv-red-0']);
  assert.deepEqual(left(session, 'DEVICE IN ("tv", "phone")'), ['tv-red-0', 'tv-red-1']);
  assert.deepEqual(left(session, 'DEVICE = "phone" AND Interactions.EVENT_TYPE = "buy"'), ['tv-red-1']);
  assert.deepEqual(left(session, 'DEVICE = "tv" AND Interactions.EVENT_TYPE = "buy"'), []);
  assert.deepEqual(left(session, 'EVENT_VALUE >= 4'), ['tv-red-0']);
  assert.deepEqual(left(session, 'TIMESTAMP > now() - 7d'), ['tv-red-0', 'tv-red-1']);
});

test('the history shows what events carried, and only what they did', () => {
  assert.deepEqual(
    visits().history.map(({ context }) => context),
    [undefined, { device: 'tv' }, { DEVICE: 'phone' }],
  );
});

test('it is saved and stored with the history', async () => {
  const store = memoryStore();
  const first = visits({ userId: 'u', store });
  await first.flush();
  const again = recommender.session({ userId: 'u', store });
  again.record({ itemId: 'tv-red-3', context: { DEVICE: 'tv' } });
  await again.ready;
  assert.deepEqual(left(again, 'DEVICE = "tv"'), ['tv-red-0', 'tv-red-3']);
  const restored = recommender.session();
  restored.restore(again.save());
  assert.deepEqual(restored.history, again.history);
  assert.deepEqual(left(restored, 'DEVICE = "tv"'), ['tv-red-0', 'tv-red-3']);
});

test('a bundle without context columns takes what events carry, whatever its type', () => {
  const session = sims.session();
  session.record({ itemId: 'a1', context: { SPENT: 19.99, PLACE: 'a, b\nc', GIFT: true } });
  assert.deepEqual(left(session, 'SPENT > 19'), ['a1']);
  assert.deepEqual(left(session, 'SPENT = 19.99 AND Interactions.GIFT = true'), ['a1']);
  assert.deepEqual(left(session, 'PLACE = "a, b\nc"'), ['a1']);
  assert.deepEqual(session.history[0].context, { SPENT: '19.99', PLACE: 'a, b\nc', GIFT: 'true' });
});

for (const [context, message] of [
  [{ DEVICES: 'tv' }, /context: unknown column "DEVICES"; did you mean "DEVICE"/],
  [{ DEVICE: ['tv'] }, /context\.DEVICE: tv is neither a text nor/],
  [{ DEVICE: 'a\0b' }, /context\.DEVICE: .* is not well-formed text/],
  [[], /context: .*is not an object of values/],
]) {
  test(`an event with the context ${JSON.stringify(context)} is refused and not kept`, () => {
    const session = recommender.session();
    assert.throws(
      () => session.record({ itemId: 'tv-red-0', context }),
      errorOf('INVALID_ARGUMENT', message),
    );
    assert.equal(session.history.length, 0);
  });
}

test('a mistaken field of interactions is told with its column', () => {
  assert.throws(
    () => left(recommender.session(), 'DEVCE = "tv"'),
    errorOf('INVALID_FILTER', /no such field; did you mean DEVICE\? \(at 35\)/),
  );
});
