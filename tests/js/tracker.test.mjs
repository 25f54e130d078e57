// What a tracker keeps, says of an event and sends, in a make-believe page.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { createTracker } from '../../js/dist/tracker.js';
import { load } from '../../js/dist/node.js';
import { FakeIndexedDb } from './fake-indexed-db.mjs';
import { bundles, errorOf } from './fixtures.mjs';
import { kStart, World } from './tracker-world.mjs';

const kMinute = 60_000;
const kUuid = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

let world;
beforeEach(() => (world = new World({ random: Math.random })));
afterEach(async () => {
  assert.deepEqual(world.unhandled, []);
  await world.end();
});

test('an event is sent in the form of the wire', async () => {
  const tracker = world.tracker();
  const properties = { colour: 'red', sizes: [1, 2] };
  const eventId = await world.of(
    tracker.track({ eventType: 'buy', itemId: '42', eventValue: 9.5, properties, sentAt: new Date(5000) }),
  );
  await world.pass(2000);
  assert.match(eventId, kUuid);
  const [{ url, body, method }] = world.bodies;
  assert.equal(`${method} ${url}`, 'POST https://collector.example/v1/events');
  const { anonymousId, sessionId } = world.events[0];
  for (const id of [anonymousId, sessionId]) assert.match(id, kUuid);
  assert.deepEqual(JSON.parse(body), {
    trackingId: 'key',
    sentAt: world.bodies[0].at / 1000,
    dropped: 0,
    events: [
      { eventId, anonymousId, sessionId, eventType: 'buy', itemId: '42', eventValue: 9.5, properties, sentAt: 5 },
    ],
  });
});

test('track() resolves when the event is stored, and it is removed when the answer was read', async () => {
  const tracker = world.tracker();
  let answered;
  world.fault = () => new Promise((resolve) => (answered = resolve));
  await world.track(tracker, 'a');
  assert.equal(world.waiting, 1);
  await world.pass(2000);
  assert.equal(world.received.length, 1);
  assert.equal(world.waiting, 1, 'sent, but nobody said that it arrived');
  answered(world.acknowledge({ events: world.received }));
  await world.pass();
  assert.equal(world.waiting, 0);
});

test('events of a second go together, in order, at most 60 KiB at once', async () => {
  const tracker = world.tracker();
  const properties = { text: 'x'.repeat(1000) };
  const all = Array.from({ length: 150 }, (_, i) =>
    tracker.track({ eventType: 'view', itemId: `${i}`, properties }));
  await world.of(Promise.all(all));
  await world.pass(2000);
  assert.deepEqual(world.items, Array.from({ length: 150 }, (_, i) => `${i}`));
  assert.ok(world.bodies.length > 2 && world.bodies.length < 6, `${world.bodies.length} requests`);
  for (const { body } of world.bodies) assert.ok(Buffer.byteLength(body) <= 60 * 1024);
  assert.equal(world.received.length, 150);
});

test('eventIds are unique and sort by their order, even when the clock stands still', async () => {
  const tracker = world.tracker();
  const ids = await world.of(
    Promise.all(Array.from({ length: 300 }, () => tracker.track({ eventType: 'click' }))),
  );
  assert.deepEqual([...new Set(ids)].sort(), ids);
});

test('half an hour of pause ends a session, on other tabs and visits too', async () => {
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  await world.leap(29 * kMinute);
  await world.track(tracker, 'b');
  const other = world.tracker();
  await world.leap(29 * kMinute);
  await world.track(other, 'c');
  await world.track(tracker, 'd');
  await world.leap(31 * kMinute);
  await world.track(tracker, 'e');
  await world.track(other, 'f');
  await world.pass(2000);
  const sessions = world.events.map(({ sessionId }) => sessionId);
  assert.equal(new Set(sessions.slice(0, 4)).size, 1);
  assert.equal(new Set(sessions.slice(4)).size, 1);
  assert.notEqual(sessions[4], sessions[0]);
  assert.equal(new Set(world.events.map(({ anonymousId }) => anonymousId)).size, 1);
});

test('who is proved by a token is sent with it, until another is told or all is forgotten', async () => {
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  await world.of(tracker.identify('ada', '1800000000.abc'));
  await world.track(tracker, 'b');
  await world.of(tracker.identify('ada'));
  await world.track(tracker, 'c');
  await world.of(tracker.identify('bob', '1800000000.def'));
  await world.track(tracker, 'd');
  await world.pass(2000);
  await world.of(tracker.reset());
  await world.track(tracker, 'e');
  await world.pass(2000);
  assert.deepEqual(world.events.map(({ userId, userToken }) => [userId, userToken]), [
    [undefined, undefined], ['ada', '1800000000.abc'], ['ada', undefined], ['bob', '1800000000.def'], [undefined, undefined]]);
  await assert.rejects(tracker.identify('ada', ''), /userToken/);
});

test('an anonymous visitor becomes a known one; another user is another visitor', async () => {
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  await world.of(tracker.identify('ada'));
  await world.track(tracker, 'b');
  await world.pass(10);
  const later = world.tracker();
  await world.track(later, 'c');
  await world.of(later.identify('bob'));
  await world.track(later, 'd');
  await world.of(later.identify(null));
  await world.track(later, 'e');
  await world.pass(2000);
  assert.deepEqual(world.events.map(({ userId }) => userId), [undefined, 'ada', 'ada', 'bob', undefined]);
  const anonymous = world.events.map(({ anonymousId }) => anonymousId);
  assert.equal(new Set(anonymous.slice(0, 3)).size, 1);
  assert.equal(new Set(anonymous).size, 3);
  const sessions = world.events.map(({ sessionId }) => sessionId);
  assert.equal(new Set(sessions).size, 3, 'nor do they share a session');
});

test('a server tracks for many users, each event with its own', async () => {
  const tracker = world.tracker();
  await world.of(tracker.track({ eventType: 'buy', sessionId: 's1', userId: 'ada' }));
  await world.of(tracker.track({ eventType: 'buy', sessionId: 's2' }));
  await world.pass(2000);
  const who = world.events.map(({ sessionId, userId, anonymousId }) => [sessionId, userId, anonymousId]);
  assert.deepEqual(who, [['s1', 'ada', undefined], ['s2', undefined, undefined]]);
});

for (const [event, message] of [
  [undefined, /^track: undefined is not an object/],
  [[], /^track: .*is not an object/],
  [{}, /^eventType: undefined is not a text/],
  [{ eventType: '' }, /^eventType: "" is not a text of 1 to 256/],
  [{ eventType: 'x'.repeat(257) }, /^eventType/],
  [{ eventType: 'x', itemId: 5 }, /^itemId: 5 is not a text/],
  [{ eventType: 'x', itemId: '\ud83d' }, /^itemId/],
  [{ eventType: 'x', itemID: '5' }, /^track: "itemID" is not one of eventId, .*itemId/],
  [{ eventType: 'x', eventValue: NaN }, /^eventValue: NaN is not a finite/],
  [{ eventType: 'x', sentAt: 1.7e12 }, /^sentAt: .* seconds/],
  [{ eventType: 'x', sentAt: new Date(NaN) }, /^sentAt/],
  [{ eventType: 'x', impression: Array(26).fill('1') }, /^impression: .* at most 25/],
  [{ eventType: 'x', impression: ['1', ''] }, /^impression: "" is not/],
  [{ eventType: 'x', properties: 'text' }, /^properties: "text" is not/],
  [{ eventType: 'x', properties: { text: 'x'.repeat(1024) } }, /^properties: .*1024 characters/],
  [{ eventType: 'x', properties: JSON.parse('{"a":'.repeat(9) + '1' + '}'.repeat(9)) }, /^properties: .*8 levels/],
  [{ eventType: 'x', userId: 'ada' }, /^sessionId/],
]) {
  test(`PutEvents would not take ${JSON.stringify(event)?.slice(0, 60)}`, async () => {
    const tracker = world.tracker();
    await assert.rejects(tracker.track(event), errorOf('INVALID_ARGUMENT', message));
    await world.pass(2000);
    assert.deepEqual(world.received, []);
  });
}

test('properties with a circle are refused, with half a character are mended', async () => {
  const tracker = world.tracker();
  const circle = {};
  circle.self = circle;
  const refused = tracker.track({ eventType: 'x', properties: circle });
  await assert.rejects(refused, errorOf('INVALID_ARGUMENT', /^properties/));
  await world.of(tracker.track({ eventType: 'x', properties: { cut: 'ab\ud83d', whole: '🎬' } }));
  await world.pass(2000);
  assert.deepEqual(world.events[0].properties, { cut: 'ab\ufffd', whole: '🎬' });
});

for (const [options, message] of [
  [undefined, /^createTracker/],
  [{ endpoint: 'https://x', trackingId: 'k' }, /^consent: undefined is not "off", "local" or "sync"/],
  [{ endpoint: 'https://x', trackingId: 'k', consent: true }, /^consent/],
  [{ endpoint: 'https://x', trackingId: '', consent: 'sync' }, /^trackingId/],
  [{ endpoint: 'https://a b', trackingId: 'k', consent: 'sync' }, /^endpoint: "https:\/\/a b" is not the URL/],
  [{ endpoint: 'https://x', trackingId: 'k', consent: 'sync', flush: 1 }, /^createTracker: "flush" is not one of/],
  [{ endpoint: 'https://x', trackingId: 'k', consent: 'sync', onRejected: 1 }, /^onRejected/],
  [{ endpoint: 'https://x', trackingId: 'k', consent: 'sync', flushIntervalMs: -1 }, /^flushIntervalMs/],
  [{ endpoint: 'https://x', trackingId: 'k', consent: 'sync', sessionTimeoutMinutes: 0 }, /^sessionTimeoutMinutes/],
]) {
  test(`a tracker cannot be made of ${JSON.stringify(options)}`, () => {
    assert.throws(() => createTracker(options), errorOf('INVALID_ARGUMENT', message));
  });
}

test('an endpoint may be relative to the page', async () => {
  const tracker = world.tracker({ endpoint: '/attune' });
  await world.track(tracker, 'a');
  await world.pass(2000);
  assert.equal(world.bodies[0].url, 'https://shop.example/attune/v1/events');
});

test("an attached session's events carry their own columns as properties", async () => {
  const recommender = await load(bundles.sims);
  const session = recommender.session();
  const tracker = world.tracker();
  tracker.attach(session);
  session.record({ itemId: 'a1', context: { DEVICE: 'phone', SPENT: 3 } });
  session.record({ itemId: 'a2' });
  await world.pass(2000);
  assert.deepEqual(world.events.map(({ properties }) => properties), [{ DEVICE: 'phone', SPENT: 3 }, undefined]);
  recommender.dispose();
});

test('an attached session tracks what it records, with the list that it answers', async () => {
  const recommender = await load(bundles.sims);
  const session = recommender.session();
  const tracker = world.tracker();
  const detach = tracker.attach(session);
  session.record({ itemId: 'a1' });
  const first = session.getRecommendations({ numResults: 3 });
  const second = session.getRecommendations({ numResults: 2 });
  const ids = ({ itemList }) => itemList.map(({ itemId }) => itemId);
  const [shared] = ids(second);
  session.record({ itemId: shared, eventType: 'watch', timestamp: 1_700_000_000, eventValue: 2 });
  session.record({ itemId: 'b5', recommendationId: first.recommendationId });
  session.record({ itemId: shared, impression: ['x', 'y'] });
  const ranking = session.getPersonalizedRanking({ inputList: ['b1', 'unknown'] });
  session.record({ itemId: 'unknown' });
  detach();
  session.record({ itemId: 'after' });
  await world.pass(2000);
  const seen = world.events.map(({ itemId, recommendationId, impression }) => [itemId, recommendationId, impression]);
  assert.deepEqual(seen, [
    ['a1', undefined, undefined],
    [shared, second.recommendationId, ids(second)],
    ['b5', first.recommendationId, ids(first)],
    [shared, undefined, ['x', 'y']],
    ['unknown', ranking.recommendationId, ['b1', 'unknown']],
  ]);
  const { eventType, sentAt, eventValue } = world.events[1];
  assert.deepEqual({ eventType, sentAt, eventValue }, { eventType: 'watch', sentAt: 1_700_000_000, eventValue: 2 });
  recommender.dispose();
});

test('a list of a server counts when the page says that it was shown, as far as PutEvents goes', async () => {
  const tracker = world.tracker();
  const itemList = Array.from({ length: 40 }, (_, i) => ({ itemId: `${i}`, score: 1 }));
  tracker.shown({ recommendationId: 'RID-1', itemList });
  await world.track(tracker, '3', '39', 'other');
  await world.pass(2000);
  const [third, last, other] = world.events;
  assert.deepEqual(third.impression, itemList.slice(0, 25).map(({ itemId }) => itemId));
  assert.deepEqual(last.impression, [...third.impression.slice(0, 24), '39']);
  assert.equal(last.recommendationId, 'RID-1');
  assert.equal(other.recommendationId, undefined);
});

test('what a session records beyond the limits is a warning, never an error of the page', async () => {
  const recommender = await load(bundles.sims);
  const session = recommender.session();
  world.tracker().attach(session);
  session.record({ itemId: 'a1', recommendationId: 'x'.repeat(300) });
  await world.pass(2000);
  assert.match(world.warnings[0], /^attune: recommendationId/);
  assert.deepEqual(world.received, []);
  recommender.dispose();
});

test('after dispose() a tracker says so, and what waits is sent by the next', async () => {
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  tracker.dispose();
  await assert.rejects(tracker.track({ eventType: 'x' }), errorOf('DISPOSED'));
  await assert.rejects(tracker.setConsent('sync'), errorOf('DISPOSED'));
  assert.equal(await world.of(tracker.flush()), false);
  await world.pass(5000);
  assert.deepEqual(world.received, []);
  world.tracker();
  await world.pass(2000);
  assert.deepEqual(world.items, ['a']);
});

test('at the edge, without page and storage, events wait in memory', async () => {
  await world.end();
  world = new World({ storage: null, page: false, random: Math.random });
  delete globalThis.navigator;
  const tracker = world.tracker();
  const [eventId] = await world.track(tracker, 'a');
  assert.match(eventId, kUuid);
  assert.equal(await world.of(tracker.flush()), true);
  assert.deepEqual(world.items, ['a']);
  assert.equal(tracker.storageError, undefined);
});

test('the clock of the device is told with every batch', async () => {
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  world.goOnline(false);
  await world.leap(kMinute);
  world.goOnline(true);
  await world.pass(3000);
  const { sentAt, events } = JSON.parse(world.bodies[0].body);
  assert.ok(events[0].sentAt >= kStart / 1000 && events[0].sentAt < kStart / 1000 + 2);
  assert.ok(sentAt - events[0].sentAt >= 60);
});

test('two databases are two queues', async () => {
  const one = world.tracker({ database: 'one', consent: 'local' });
  await world.track(one, 'a');
  assert.ok(world.storage instanceof FakeIndexedDb);
  assert.deepEqual([...world.storage.stored.keys()], ['one']);
  await world.track(world.tracker({ database: 'two' }), 'b');
  await world.pass(2000);
  assert.deepEqual(world.items, ['b']);
});
