import assert from 'node:assert/strict';
import { after, afterEach, before, mock, test } from 'node:test';

import { indexedDbStore, load, memoryStore } from '../../js/dist/node.js';
import { FakeIndexedDb } from './fake-indexed-db.mjs';
import { bundles, errorOf } from './fixtures.mjs';

let recommender;

before(async () => {
  recommender = await load(bundles.sims);
});

after(() => recommender.dispose());

afterEach(() => {
  delete globalThis.indexedDB;
  mock.timers.reset();
});

const idsIn = (session) => session.history.map(({ itemId }) => itemId);

/** A store in memory whose parts can be replaced, and which counts its calls. */
function storeWith(replaced = {}) {
  const inner = memoryStore();
  const calls = { load: 0, save: 0, remove: 0 };
  const counted =
    (name) =>
    (...values) => {
      calls[name]++;
      return (replaced[name] ?? inner[name])(...values);
    };
  return { calls, inner, load: counted('load'), save: counted('save'), remove: counted('remove') };
}

/** Fills a user's stored history. */
async function stored(store, userId, ...ids) {
  const session = recommender.session({ userId, store });
  ids.forEach((itemId, i) => session.record({ itemId, timestamp: 1000 + i }));
  await session.flush();
  assert.equal(session.storageError, undefined);
  session.dispose();
}

test('a history outlives its session, by user', async () => {
  const store = memoryStore();
  await stored(store, 'me', 'a1', 'a2');
  await stored(store, 'you', 'b1');
  const session = recommender.session({ userId: 'me', store });
  assert.equal(session.userId, 'me');
  assert.deepEqual(idsIn(session), []);
  await session.ready;
  assert.deepEqual(idsIn(session), ['a1', 'a2']);
});

test('what was recorded before ready is merged with the stored history, older first', async () => {
  const store = memoryStore();
  await stored(store, 'me', 'a1', 'a2');
  const session = recommender.session({ userId: 'me', store });
  session.record({ itemId: 'b1', eventValue: 2 });
  session.record({ itemId: 'b2', timestamp: 500 });
  assert.deepEqual(idsIn(session), ['b2', 'b1']);
  await session.ready;
  assert.deepEqual(idsIn(session), ['b2', 'a1', 'a2', 'b1']);
  assert.equal(session.history[3].eventValue, 2);
  await session.flush();
  const next = recommender.session({ userId: 'me', store });
  await next.ready;
  assert.deepEqual(next.history, session.history);
});

test('a merged history keeps to maxEvents and loses its oldest events', async () => {
  const store = memoryStore();
  await stored(store, 'me', 'a1', 'a2', 'a3');
  const session = recommender.session({ userId: 'me', store, maxEvents: 2 });
  session.record({ itemId: 'b1' });
  await session.ready;
  assert.deepEqual(idsIn(session), ['a3', 'b1']);
});

test('clear and restore before ready win over the stored history', async () => {
  const store = memoryStore();
  await stored(store, 'me', 'a1');
  const session = recommender.session({ userId: 'me', store });
  session.clear();
  session.record({ itemId: 'b1' });
  await session.flush();
  assert.deepEqual(idsIn(session), ['b1']);
  const other = recommender.session({ userId: 'me', store });
  other.restore(session.save());
  other.record({ itemId: 'b2' });
  await other.ready;
  assert.deepEqual(idsIn(other), ['b1', 'b2']);
});

test('clear removes the user from the store', async () => {
  const store = storeWith();
  await stored(store, 'me', 'a1');
  const session = recommender.session({ userId: 'me', store });
  await session.ready;
  session.clear();
  await session.flush();
  assert.equal(store.calls.remove, 1);
  assert.equal(await store.inner.load('me'), undefined);
});

test('events recorded together are stored together', async () => {
  const store = storeWith();
  const session = recommender.session({ userId: 'me', store });
  for (let i = 0; i < 100; i++) session.record({ itemId: 'a1' });
  await session.flush();
  assert.equal(store.calls.save, 1);
  await session.flush();
  assert.equal(store.calls.save, 1);
});

test('an event recorded while the store is busy is stored after', async () => {
  let finish;
  const store = storeWith({
    save: (key, bytes) =>
      new Promise((resolve) => (finish = () => resolve(store.inner.save(key, bytes)))),
  });
  const session = recommender.session({ userId: 'me', store });
  session.record({ itemId: 'a1' });
  while (!finish) await new Promise(setImmediate);
  session.record({ itemId: 'a2' });
  const flushed = session.flush();
  finish();
  finish = undefined;
  while (!finish) await new Promise(setImmediate);
  finish();
  await flushed;
  const next = recommender.session({ userId: 'me', store: store.inner });
  await next.ready;
  assert.deepEqual(idsIn(next), ['a1', 'a2']);
});

const broken = new DOMException('the disk is full', 'QuotaExceededError');
const fails = () => Promise.reject(broken);
const throws = () => {
  throw broken;
};

const kBrokenStores = {
  'a load that rejects': { load: fails },
  'a load that throws': { load: throws },
  'a load that returns something else': { load: async () => 'text' },
  'a load that returns damaged bytes': { load: async () => new Uint8Array(50) },
  'a save that rejects': { save: fails },
  'a save that throws': { save: throws },
  'everything rejecting': { load: fails, save: fails, remove: fails },
};

for (const [what, replaced] of Object.entries(kBrokenStores)) {
  test(`a store with ${what} never reaches the page`, async () => {
    const store = storeWith(replaced);
    const session = recommender.session({ userId: 'me', store });
    session.record({ itemId: 'b1' });
    await session.ready;
    if (replaced.load) assert.equal(session.storageError.code, 'STORAGE');
    session.record({ itemId: 'b2' });
    const error = new Promise((resolve) =>
      session.flush().then(() => resolve(session.storageError)),
    );
    assert.deepEqual(idsIn(session), ['b1', 'b2']);
    assert.equal(session.getRecommendations({ numResults: 3 }).itemList.length, 3);
    if (replaced.save)
      assert.ok(errorOf('STORAGE', /disk is full/)(await error) && (await error).cause === broken);
    session.clear();
    await session.flush();
    session.dispose();
  });
}

test('a stored history that cannot be read is replaced by the next save', async () => {
  const store = memoryStore();
  await store.save('me', new Uint8Array(50));
  const session = recommender.session({ userId: 'me', store });
  await session.ready;
  assert.equal(session.storageError.cause.code, 'INVALID_SESSION');
  session.record({ itemId: 'a1' });
  await session.flush();
  assert.equal(session.storageError, undefined);
  const next = recommender.session({ userId: 'me', store });
  await next.ready;
  assert.deepEqual(idsIn(next), ['a1']);
});

test('a store that works again loses nothing: neither what it held nor what came meanwhile', async () => {
  let isBroken = true;
  const store = storeWith({ load: (key) => (isBroken ? fails() : store.inner.load(key)) });
  await stored(store.inner, 'me', 'a1');
  const session = recommender.session({ userId: 'me', store });
  session.record({ itemId: 'b1' });
  await session.flush();
  assert.equal(store.calls.save, 0);
  isBroken = false;
  await session.flush();
  assert.equal(session.storageError, undefined);
  assert.deepEqual(idsIn(session), ['a1', 'b1']);
});

test('a store that never answers is given up after five seconds', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const session = recommender.session({
    userId: 'me',
    store: storeWith({ load: () => new Promise(() => {}) }),
  });
  await new Promise(setImmediate);
  mock.timers.tick(5000);
  await session.ready;
  assert.match(session.storageError.message, /did not answer/);
  assert.equal(session.record({ itemId: 'a1' }), true);
});

test('the memory store keeps the users last active, and its bytes to itself', async () => {
  const store = memoryStore({ maxUsers: 2 });
  const bytes = Uint8Array.of(1);
  for (const user of ['one', 'two', 'one', 'three']) await store.save(user, bytes);
  bytes[0] = 9;
  assert.deepEqual(await store.load('one'), Uint8Array.of(1));
  (await store.load('one'))[0] = 9;
  assert.deepEqual(await store.load('one'), Uint8Array.of(1));
  assert.equal(await store.load('two'), undefined);
  await store.save('__proto__', Uint8Array.of(2));
  assert.deepEqual(await store.load('__proto__'), Uint8Array.of(2));
  await store.remove('__proto__');
  assert.equal(await store.load('__proto__'), undefined);
});

test('sessions without a store share one: in a page IndexedDB, elsewhere memory', async () => {
  const elsewhere = await load(bundles.sims);
  await stored(undefined, 'shared', 'a1');
  const session = recommender.session({ userId: 'shared' });
  await session.ready;
  assert.deepEqual(idsIn(session), ['a1']);
  const fake = (globalThis.indexedDB = new FakeIndexedDb());
  const inPage = elsewhere.session({ userId: 'shared' });
  inPage.record({ itemId: 'b1' });
  await inPage.flush();
  assert.equal(inPage.storageError, undefined);
  assert.deepEqual([...fake.stored.keys()], ['attune']);
  elsewhere.dispose();
});

test('IndexedDB keeps a history over sessions', async () => {
  globalThis.indexedDB = new FakeIndexedDb();
  const store = indexedDbStore({ database: 'mine' });
  await stored(store, 'me', 'a1', 'a2');
  const session = recommender.session({
    userId: 'me',
    store: indexedDbStore({ database: 'mine' }),
  });
  await session.ready;
  assert.deepEqual(idsIn(session), ['a1', 'a2']);
  session.clear();
  await session.flush();
  assert.equal(await store.load('me'), undefined);
});

test('IndexedDB is opened again when another tab or the browser closed it', async () => {
  const fake = (globalThis.indexedDB = new FakeIndexedDb());
  const store = indexedDbStore();
  await store.save('me', Uint8Array.of(1));
  fake.closeAll();
  assert.deepEqual(await store.load('me'), Uint8Array.of(1));
  assert.equal(fake.opened, 2);
});

const kBrokenDatabases = {
  'is null': () => null,
  'is missing': () => undefined,
  'throws when opened (SecurityError)': () => ({ open: throws }),
  'cannot be opened': () => new FakeIndexedDb({ open: 'error' }),
  'is blocked by another tab': () => new FakeIndexedDb({ open: 'blocked' }),
  'is wedged (InvalidStateError)': () => new FakeIndexedDb({ transaction: 'throw' }),
  'aborts its transactions (quota)': () => new FakeIndexedDb({ transaction: 'abort' }),
};

for (const [what, make] of Object.entries(kBrokenDatabases)) {
  test(`an IndexedDB that ${what} never reaches the page`, async () => {
    globalThis.indexedDB = make();
    const session = recommender.session({ userId: 'me', store: indexedDbStore() });
    session.record({ itemId: 'b1' });
    await session.ready;
    await session.flush();
    assert.equal(session.storageError.code, 'STORAGE');
    assert.deepEqual(idsIn(session), ['b1']);
    session.clear();
    await session.flush();
    assert.deepEqual(idsIn(session), []);
  });
}

test('a userId must be a text', () => {
  for (const userId of ['', 5, null, 'x'.repeat(257)]) {
    assert.throws(() => recommender.session({ userId }), errorOf('INVALID_ARGUMENT', /^userId/));
  }
});
