// What a tracker does with each consent, and what it forgets.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { World } from './tracker-world.mjs';

let world;
beforeEach(() => (world = new World({ random: Math.random })));
afterEach(async () => {
  assert.deepEqual(world.unhandled, []);
  await world.end();
});

test('without consent nothing is kept or sent, and an earlier visit is forgotten', async () => {
  const before = world.tracker({ consent: 'local' });
  await world.track(before, 'a');
  before.dispose();
  assert.equal(world.waiting, 1);
  const tracker = world.tracker({ consent: 'off' });
  assert.deepEqual(await world.track(tracker, 'b'), [undefined]);
  assert.equal(await world.of(tracker.flush()), false);
  await world.pass(5000);
  assert.deepEqual([...world.storage.stored.keys()], []);
  assert.deepEqual(world.received, []);
});

test('Global Privacy Control turns consent off, unless the page knows better', async () => {
  world.navigator.globalPrivacyControl = true;
  const tracker = world.tracker();
  assert.equal(tracker.consent, 'off');
  await world.of(tracker.setConsent('sync'));
  assert.equal(tracker.consent, 'off');
  assert.deepEqual(await world.track(tracker, 'a'), [undefined]);
  assert.equal(world.tracker({ globalPrivacyControl: false }).consent, 'sync');
});

test('local events wait for a consent that lets them go', async () => {
  const tracker = world.tracker({ consent: 'local' });
  await world.track(tracker, 'a');
  assert.equal(await world.of(tracker.flush()), false);
  world.hide();
  await world.pass(10_000);
  assert.deepEqual(world.received, []);
  await world.of(tracker.setConsent('sync'));
  await world.pass(2000);
  assert.deepEqual(world.items, ['a']);
});

test('who was told before consent is known after it', async () => {
  const tracker = world.tracker({ consent: 'off' });
  await world.of(tracker.identify('ada'));
  await world.of(tracker.setConsent('sync'));
  await world.track(tracker, 'a');
  await world.pass(2000);
  assert.deepEqual(world.events.map(({ userId }) => userId), ['ada']);
});

test('withdrawing consent removes all, also what is under way', async () => {
  const tracker = world.tracker();
  world.fault = () => new Promise(() => {});
  await world.track(tracker, 'a');
  await world.pass(2000);
  assert.equal(world.received.length, 1);
  const late = tracker.track({ eventType: 'click', itemId: 'b' });
  await world.of(tracker.setConsent('off'));
  await world.of(late);
  await world.pass(5000);
  assert.deepEqual([...world.storage.stored.keys()], []);
  assert.equal(tracker.consent, 'off');
});

test('reset() begins with somebody new and an empty queue', async () => {
  const tracker = world.tracker();
  await world.of(tracker.identify('ada'));
  await world.track(tracker, 'a');
  tracker.shown({ recommendationId: 'RID-1', itemList: [{ itemId: 'b', score: 1 }] });
  const done = tracker.reset();
  const next = tracker.track({ eventType: 'click', itemId: 'b' });
  await world.of(done);
  await world.of(next);
  await world.pass(3000);
  assert.deepEqual(world.items, ['b']);
  assert.equal(world.events[0].userId, undefined);
  assert.equal(world.events[0].recommendationId, undefined);
});
