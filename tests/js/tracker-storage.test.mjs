// Storage that is broken in every way browsers know: the page never hears of it, and events still arrive.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { FakeIndexedDb } from './fake-indexed-db.mjs';
import { networkError, World } from './tracker-world.mjs';

let world;
afterEach(async () => {
  assert.deepEqual(world.unhandled, []);
  await world.end();
});

const broken = (failures) => () => new World({ storage: new FakeIndexedDb(failures), random: Math.random });
/** A world whose `indexedDB` is something else. */
const instead = (descriptor) => () => {
  const made = new World({ random: Math.random });
  Object.defineProperty(globalThis, 'indexedDB', { configurable: true, ...descriptor });
  return made;
};
const throwing = () => {
  throw new DOMException('not in this frame', 'SecurityError');
};

const kBroken = {
  'is null': instead({ value: null }),
  'is undefined': instead({ value: undefined }),
  'is an empty object': instead({ value: {} }),
  'throws when it is looked at (sandboxed frame)': instead({ get: throwing }),
  'throws when opened (SecurityError)': broken({ open: 'throw' }),
  'cannot be opened (private mode)': broken({ open: 'error' }),
  'is blocked by another tab': broken({ open: 'blocked' }),
  'never opens': broken({ open: 'hang' }),
  'is wedged (InvalidStateError)': broken({ transaction: 'throw' }),
  'never ends a transaction': broken({ transaction: 'hang' }),
  'aborts (QuotaExceededError)': broken({ transaction: 'abort' }),
  'aborts (AbortError)': broken({ transaction: 'abort-AbortError' }),
  'aborts (UnknownError)': broken({ transaction: 'abort-UnknownError' }),
  'aborts (TransactionInactiveError)': broken({ transaction: 'abort-TransactionInactiveError' }),
  'aborts (DataError)': broken({ transaction: 'abort-DataError' }),
  'aborts without saying why': broken({ transaction: 'abort-null' }),
  'is full: reads, but takes nothing': broken({ transaction: 'quota' }),
  'cannot be read': broken({ transaction: 'read' }),
  'cannot delete events': broken({ transaction: 'delete' }),
};

for (const [what, make] of Object.entries(kBroken)) {
  test(`with an IndexedDB that ${what} events go through memory`, async () => {
    world = make();
    const tracker = world.tracker();
    world.goOnline(false);
    const ids = await world.track(tracker, 'a', 'b');
    assert.ok(ids.every((id) => typeof id === 'string'));
    assert.equal(await world.of(tracker.flush()), false);
    world.goOnline(true);
    await world.pass(30_000);
    assert.deepEqual([...new Set(world.items)].sort(), ['a', 'b']);
    assert.equal(tracker.storageError.code, 'STORAGE');
    assert.match(tracker.storageError.message, /^events cannot be stored on the device: ./);
    await world.of(tracker.identify('ada'));
    await world.track(tracker, 'c');
    await world.pass(30_000);
    assert.equal(world.events.at(-1).userId, 'ada');
    const before = world.received.length;
    await world.pass(20_000);
    assert.equal(world.received.length, before, 'nothing is sent for ever');
    await world.of(tracker.reset());
    await world.of(tracker.setConsent('off'));
    assert.deepEqual(await world.track(tracker, 'd'), [undefined]);
  });
}

test('a database that the browser evicts is made anew, and the visitor stays who they are', async () => {
  world = new World({ random: Math.random });
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  await world.pass(2000);
  world.storage.stored.clear();
  world.storage.closeAll();
  await world.track(tracker, 'b');
  await world.pass(2000);
  assert.deepEqual(world.items, ['a', 'b']);
  assert.equal(world.events[0].anonymousId, world.events[1].anonymousId);
  assert.equal(tracker.storageError, undefined);
});

test('a storage that breaks and mends loses nothing, and is not asked all the time', async () => {
  world = new World({ random: Math.random });
  const tracker = world.tracker({ consent: 'local' });
  await world.track(tracker, 'a');
  world.storage.failures = { transaction: 'throw' };
  await world.track(tracker, 'b', 'c');
  assert.equal(tracker.storageError.code, 'STORAGE');
  world.storage.failures = {};
  await world.track(tracker, 'd');
  assert.equal(world.waiting, 1, 'left alone for a minute');
  await world.leap(60_000);
  await world.track(tracker, 'e');
  assert.equal(world.waiting, 5);
  assert.equal(tracker.storageError, undefined);
  await world.of(tracker.setConsent('sync'));
  await world.pass(3000);
  assert.deepEqual(world.items, ['a', 'b', 'c', 'd', 'e']);
});

test('events that memory dropped are counted when the storage works again', async () => {
  world = new World({ random: Math.random });
  world.goOnline(false);
  const tracker = world.tracker();
  await world.track(tracker, 'stored');
  world.storage.failures = { transaction: 'throw' };
  for (let i = 0; i < 1010; i += 101) {
    const some = Array.from({ length: 101 }, (_, j) => tracker.track({ eventType: 'x', itemId: `${i + j}` }));
    await world.of(Promise.all(some));
  }
  await world.pass(100);
  world.storage.failures = {};
  await world.leap(60_000);
  world.goOnline(true);
  await world.pass(5000);
  assert.equal(world.items.length + world.dropped, 1011);
  assert.ok(world.dropped >= 10);
});

test('answers that cannot be noted are not forgotten: nothing is sent twice by this page', async () => {
  world = new World({ random: Math.random });
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  world.fault = (batch) => {
    world.storage.failures = { transaction: 'delete' };
    return world.acknowledge(batch);
  };
  await world.pass(2000);
  world.storage.failures = {};
  await world.leap(60_000);
  await world.track(tracker, 'b');
  await world.pass(3000);
  assert.deepEqual(world.received.map(({ itemId }) => itemId), ['a', 'b']);
});

test('a broken storage and a broken network together are still not the affair of the page', async () => {
  world = broken({ transaction: 'abort' })();
  world.fault = networkError;
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  world.hide();
  world.hide('pagehide');
  world.show();
  await world.pass(30_000);
  world.fault = undefined;
  await world.pass(60_000);
  assert.deepEqual(world.items, ['a']);
});

test('a frame without a line to other tabs, and a delete that fails, harm nobody', async () => {
  world = broken({ delete: 'error' })();
  globalThis.BroadcastChannel = throwing;
  const tracker = world.tracker();
  await world.track(tracker, 'a');
  await world.of(tracker.setConsent('off'));
  assert.equal(tracker.storageError.code, 'STORAGE');
  assert.equal(tracker.consent, 'off');
});

test('a browser that cannot list its databases removes them all the same', async () => {
  world = new World({ random: Math.random });
  world.storage.databases = undefined;
  const tracker = world.tracker({ consent: 'local' });
  await world.track(tracker, 'a');
  await world.of(tracker.setConsent('off'));
  assert.deepEqual([...world.storage.stored.keys()], []);
});
