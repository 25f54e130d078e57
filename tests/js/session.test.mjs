import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load, memoryStore } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, kExcludeSeen, kGroups } from './fixtures.mjs';

let recommender;
let later;

before(async () => {
  [recommender, later] = await Promise.all([load(bundles.sims), load(bundles.later)]);
});

after(() => {
  recommender.dispose();
  later.dispose();
});

const unseen = (session, numResults = 3) =>
  idsOf(session.getRecommendations({ numResults, filter: kExcludeSeen }));

test('an event changes the very next list', () => {
  const session = recommender.session();
  const before = unseen(session);
  assert.equal(session.record({ itemId: 'b1' }), true);
  const between = unseen(session);
  assert.notDeepEqual(between, before);
  assert.ok(
    between.every((id) => kGroups.b.includes(id)),
    `${between}`,
  );
  session.record({ itemId: 'a1', eventType: 'watch' });
  assert.notDeepEqual(unseen(session), between);
  session.clear();
  assert.deepEqual(unseen(session), before);
});

test('a user without history gets the popular items, best first', () => {
  const { itemList } = recommender.session().getRecommendations({ numResults: 6 });
  assert.deepEqual(itemList.map(({ itemId }) => itemId).sort(), kGroups.a);
  for (let i = 1; i < 6; i++) assert.ok(itemList[i - 1].score >= itemList[i].score);
});

test('an item that the bundle does not have is remembered and reported as unknown', () => {
  const session = recommender.session();
  const before = idsOf(session.getRecommendations());
  assert.equal(session.record({ itemId: 'not in the bundle' }), false);
  assert.equal(session.history[0].itemId, 'not in the bundle');
  assert.deepEqual(idsOf(session.getRecommendations()), before);
});

test('the history holds what was recorded, oldest first, with defaults filled in', () => {
  const session = recommender.session();
  const start = Math.floor(Date.now() / 1000);
  session.record({ itemId: 'a1' });
  session.record({
    itemId: 'a2',
    eventType: 'purchase',
    timestamp: 1_700_000_000,
    eventValue: 4.1,
  });
  session.record({ itemId: 'a3', timestamp: new Date('2020-01-01T00:00:00Z'), eventValue: 0 });
  const [first, second, third] = session.history;
  assert.deepEqual(first, {
    itemId: 'a3',
    eventType: 'click',
    timestamp: 1_577_836_800,
    eventValue: 0,
  });
  assert.deepEqual(second, {
    itemId: 'a2',
    eventType: 'purchase',
    timestamp: 1_700_000_000,
    eventValue: 4.1,
  });
  assert.deepEqual({ ...third, timestamp: 0 }, { itemId: 'a1', eventType: 'click', timestamp: 0 });
  assert.ok(third.timestamp >= start && third.timestamp <= Date.now() / 1000);
});

test('the history is a frozen picture of its moment', () => {
  const session = recommender.session();
  session.record({ itemId: 'a1' });
  const { history } = session;
  session.record({ itemId: 'a2' });
  assert.equal(history.length, 1);
  assert.equal(session.history.length, 2);
  assert.equal(session.history, session.history);
  assert.throws(() => history.push({}), TypeError);
  assert.throws(() => (history[0].itemId = 'b1'), TypeError);
});

test('the history is bounded and drops its oldest events', () => {
  const session = recommender.session({ maxEvents: 5 });
  for (let i = 0; i < 1000; i++) session.record({ itemId: `item ${i}`, timestamp: i });
  assert.deepEqual(
    session.history.map(({ timestamp }) => timestamp),
    [995, 996, 997, 998, 999],
  );
});

test('maxEvents of load holds for all sessions that do not say otherwise', async () => {
  const small = await load(bundles.sims, { maxEvents: 2 });
  const [session, other] = [small.session(), small.session({ maxEvents: 3 })];
  for (const one of [session, other])
    for (let i = 0; i < 9; i++) one.record({ itemId: 'a1', timestamp: i });
  assert.deepEqual([session.history.length, other.history.length], [2, 3]);
  small.dispose();
});

test('save and restore carry a history over, and the lists made from it', () => {
  const session = recommender.session();
  for (const itemId of ['a1', 'b2', 'unknown', 'a3'])
    session.record({ itemId, eventType: `e ${itemId}`, eventValue: 1 });
  const bytes = session.save();
  const copy = recommender.session();
  copy.record({ itemId: 'b6' });
  copy.restore(bytes);
  assert.deepEqual(copy.history, session.history);
  assert.deepEqual(copy.getRecommendations().itemList, session.getRecommendations().itemList);
  assert.deepEqual(copy.save(), bytes);
});

test('a history moves to another bundle and back: unknown items wait for a bundle that has them', () => {
  const session = recommender.session();
  session.record({ itemId: 'b1', timestamp: 1 });
  session.record({ itemId: 'a3', timestamp: 2 });
  session.record({ itemId: 'c1', timestamp: 3 });
  const moved = later.session();
  moved.restore(session.save());
  assert.deepEqual(moved.history, session.history);
  assert.ok(kGroups.a.slice(2).includes(unseen(moved, 9).find((id) => !id.startsWith('c'))));
  const back = recommender.session();
  back.restore(moved.save());
  assert.deepEqual(back.getRecommendations().itemList, session.getRecommendations().itemList);
});

test('restore takes a view with a byteOffset and an ArrayBuffer', () => {
  const session = recommender.session();
  session.record({ itemId: 'a1' });
  const bytes = session.save();
  const shifted = new Uint8Array(bytes.length + 20);
  shifted.set(bytes, 7);
  for (const source of [shifted.subarray(7, 7 + bytes.length), Uint8Array.from(bytes).buffer]) {
    const copy = recommender.session();
    copy.restore(source);
    assert.deepEqual(copy.history, session.history);
  }
});

test('bytes that were not saved, or were cut off, change nothing', () => {
  const session = recommender.session();
  session.record({ itemId: 'a1' });
  const { history } = session;
  const bytes = session.save();
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => session.restore(bytes.subarray(0, length)), errorOf('INVALID_SESSION'));
  }
  assert.throws(() => session.restore(new Uint8Array(1000)), errorOf('INVALID_SESSION'));
  assert.throws(() => session.restore('text'), errorOf('INVALID_ARGUMENT', /restore: "text"/));
  assert.deepEqual(session.history, history);
});

test('events that make no sense are refused with the name of the field and its value', () => {
  const session = recommender.session();
  const cases = [
    [{}, /^itemId: undefined/],
    [{ itemId: '' }, /^itemId: ""/],
    [{ itemId: 42 }, /^itemId: 42/],
    [{ itemId: 'x'.repeat(257) }, /^itemId: "xxx.*256 characters/],
    [{ itemId: '\ud800' }, /^itemId: .*well-formed/],
    [{ itemId: 'a1', eventType: '' }, /^eventType: ""/],
    [{ itemId: 'a1', eventType: null }, /^eventType: null/],
    [{ itemId: 'a1', eventType: 'x'.repeat(257) }, /^eventType/],
    [{ itemId: 'a1', timestamp: NaN }, /^timestamp: NaN/],
    [{ itemId: 'a1', timestamp: -1 }, /^timestamp: -1/],
    [{ itemId: 'a1', timestamp: Infinity }, /^timestamp: Infinity/],
    [{ itemId: 'a1', timestamp: Date.now() }, /^timestamp: \d{13} .*seconds/],
    [{ itemId: 'a1', timestamp: '2020-01-01' }, /^timestamp: "2020/],
    [{ itemId: 'a1', timestamp: new Date('never') }, /^timestamp: Invalid Date/],
    [{ itemId: 'a1', eventValue: Infinity }, /^eventValue: Infinity/],
    [{ itemId: 'a1', eventValue: '4' }, /^eventValue: "4"/],
    [{ itemID: 'a1' }, /unknown option "itemID"; did you mean "itemId"\?/],
    ['a1', /"a1" is not an object/],
    [null, /null is not an object/],
    [undefined, /itemId: undefined is not a string/],
  ];
  for (const [event, message] of cases) {
    assert.throws(
      () => session.record(event),
      errorOf('INVALID_ARGUMENT', message),
      `${JSON.stringify(event)}`,
    );
  }
  assert.deepEqual(session.history, []);
});

test('ids of 256 characters are taken, however many bytes they need', () => {
  const session = recommender.session();
  const itemId = '🙂'.repeat(256);
  session.record({ itemId, eventType: itemId });
  assert.equal(session.history[0].itemId, itemId);
  assert.equal(session.history[0].eventType, itemId);
  assert.throws(() => session.record({ itemId: `${itemId}!` }), errorOf('INVALID_ARGUMENT'));
});

test('without a userId nothing is stored', async () => {
  const store = {
    load: () => assert.fail('load'),
    save: () => assert.fail('save'),
    remove: () => assert.fail('remove'),
  };
  const session = recommender.session({ store });
  session.record({ itemId: 'a1' });
  await session.ready;
  await session.flush();
  assert.equal(session.storageError, undefined);
  assert.equal(session.userId, undefined);
});

test('a disposed session refuses every call, and disposing twice is fine', () => {
  const session = recommender.session();
  session.dispose();
  session.dispose();
  const calls = [
    () => session.record({ itemId: 'a1' }),
    () => session.getRecommendations(),
    () => session.getPersonalizedRanking({ inputList: [] }),
    () => session.history,
    () => session.clear(),
    () => session.save(),
    () => session.restore(new Uint8Array()),
    () => recommender.similarItems('a1', { session }),
  ];
  for (const call of calls) assert.throws(call, errorOf('DISPOSED', /session/));
  assert.equal(recommender.has('a1'), true);
});

test('a disposed session has stored its events', async () => {
  const store = memoryStore();
  const session = recommender.session({ userId: 'u', store });
  session.record({ itemId: 'a1' });
  session.dispose();
  await session.flush();
  const next = recommender.session({ userId: 'u', store });
  await next.ready;
  assert.equal(next.history[0].itemId, 'a1');
});

test('a disposed recommender still stores what its sessions recorded', async () => {
  const store = memoryStore();
  const short = await load(bundles.sims, { store });
  const session = short.session({ userId: 'u' });
  session.record({ itemId: 'b3' });
  short.dispose();
  assert.throws(() => session.record({ itemId: 'b4' }), errorOf('DISPOSED'));
  await session.flush();
  const next = recommender.session({ userId: 'u', store });
  await next.ready;
  assert.deepEqual(
    next.history.map(({ itemId }) => itemId),
    ['b3'],
  );
});
