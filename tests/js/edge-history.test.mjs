// Where attune/edge keeps histories: signed cookies and stores of several kinds.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { durableObjectStore, HistoryObject, kvStore, memoryEdgeStore } from '../../js/dist/edge-node.js';
import { Edge, good, refused } from './edge-site.mjs';
import { kGroups } from './fixtures.mjs';

const secret = 'a secret of at least 16 characters';
const isB = (id) => kGroups.b.includes(id);

/** The cookie that an answer sets, as a browser sends it back. */
const cookieOf = (response) => response.headers.get('set-cookie').split(';')[0];

test('a cookie carries the history of its visitor, and nobody else has it', async () => {
  const edge = new Edge({ cookie: { secret } });
  const response = await edge.click('ada', 'b1');
  assert.match(response.headers.get('set-cookie'), /; Path=\/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax$/);
  const headers = { cookie: `theme=dark; ${cookieOf(response)}` };
  const list = await edge.post('/recommendations', { campaignArn: 'arn:aws:personalize:::campaign/x', userId: 'ada', numResults: 3 }, headers);
  assert.equal(list.headers.get('vary'), 'cookie');
  assert.equal(list.headers.get('set-cookie'), null);
  assert.ok((await good(list)).itemList.every(({ itemId }) => isB(itemId)));
  assert.ok(!(await edge.idsFor('ada')).slice(0, 3).every(isB), 'without the cookie');
  assert.ok(!(await edge.idsFor('bob', { headers })).slice(0, 3).every(isB), 'another user with it');
});

test('a cookie that was changed by one character is none', async () => {
  const edge = new Edge({ cookie: { secret } });
  const cookie = cookieOf(await edge.click('ada', 'b1'));
  const without = await edge.idsFor('ada');
  assert.notDeepEqual(await edge.idsFor('ada', { headers: { cookie } }), without);
  const start = cookie.indexOf('=') + 1;
  for (let i = start; i < cookie.length - 1; i += 7) {
    const forged = cookie.slice(0, i) + (cookie[i] === 'A' ? 'B' : 'A') + cookie.slice(i + 1);
    assert.deepEqual(await edge.idsFor('ada', { headers: { cookie: forged } }), without, `character ${i}`);
  }
  for (const junk of ['', 'v1', 'v1.', 'v1..', 'v1.AAAA.AAAA', 'v1.!.!', 'v2.AAAA.AAAA', 'v1.A.A']) {
    assert.deepEqual(await edge.idsFor('ada', { headers: { cookie: `attune_history=${junk}` } }), without);
  }
});

test('a new secret signs while the old one is still believed', async () => {
  const old = new Edge({ cookie: { secret } });
  const cookie = cookieOf(await old.click('ada', 'b1'));
  const both = new Edge({ cookie: { secret: ['the secret that comes after', secret] } });
  assert.ok((await both.idsFor('ada', { headers: { cookie } })).slice(0, 3).every(isB));
  const renewed = cookieOf(await both.click('ada', 'b2', { headers: { cookie } }));
  const next = new Edge({ cookie: { secret: 'the secret that comes after' } });
  assert.ok((await next.idsFor('ada', { headers: { cookie: renewed } })).slice(0, 3).every(isB));
  assert.ok(!(await next.idsFor('ada', { headers: { cookie } })).slice(0, 3).every(isB));
});

test('a cookie holds the newest events that it has room for', async () => {
  const edge = new Edge({ cookie: { secret }, maxEvents: 100 });
  let headers = {};
  for (let i = 0; i < 30; i++) {
    const itemId = `${'x'.repeat(250)}${100 + i}`;
    const response = await edge.click('ada', itemId, { headers, sentAt: 1_700_000_000 + i });
    assert.equal(response.status, 200);
    assert.ok(response.headers.get('set-cookie').length < 4096);
    headers = { cookie: cookieOf(response) };
  }
  headers = { cookie: cookieOf(await edge.click('ada', 'b1', { headers })) };
  assert.ok((await edge.idsFor('ada', { headers })).slice(0, 3).every(isB));
});

/** A Workers KV namespace by its documented behaviour. */
function fakeKv() {
  const values = new Map();
  return {
    values,
    get: async (key, type) => {
      assert.equal(type, 'arrayBuffer');
      return values.get(key)?.value ?? null;
    },
    put: async (key, value, options) => {
      assert.ok(Buffer.byteLength(key) <= 512, 'the longest key that KV takes');
      values.set(key, { value: value.slice().buffer, options });
    },
    delete: async (key) => void values.delete(key),
  };
}

/** Durable Objects in one process, whose storage answers later. */
function fakeObjects() {
  const objects = new Map();
  const later = () => new Promise((resolve) => setImmediate(resolve));
  const make = () => {
    const values = new Map();
    let queue = Promise.resolve();
    const storage = {
      get: async (key) => (await later(), values.get(key)),
      put: async (entries) => (await later(), Object.entries(entries).forEach(([key, value]) => values.set(key, value))),
      delete: async (keys) => (await later(), keys.forEach((key) => values.delete(key))),
    };
    return new HistoryObject({ storage, blockConcurrencyWhile: (work) => (queue = queue.then(work)) });
  };
  return {
    idFromName: (name) => `id of ${name}`,
    get: (id) => objects.get(id) ?? objects.set(id, make()).get(id),
  };
}

for (const [name, make] of [
  ['memory', () => memoryEdgeStore()],
  ['Workers KV', () => kvStore(fakeKv())],
  ['Durable Objects', () => durableObjectStore(fakeObjects())],
]) {
  test(`${name}: a history is loaded, saved and removed by its key`, async () => {
    const store = make();
    assert.equal(await store.load('ada'), undefined);
    await store.save('ada', new Uint8Array([1, 2, 3]));
    assert.deepEqual([...(await store.load('ada'))], [1, 2, 3]);
    await store.save('ada', new Uint8Array([4]));
    assert.deepEqual([...(await store.load('ada'))], [4]);
    assert.equal(await store.load('bob'), undefined);
    await store.remove('ada');
    assert.equal(await store.load('ada'), undefined);
  });

  test(`${name}: an event counts in the next list`, async () => {
    const edge = new Edge({ store: make() });
    for (const user of ['ada', 'user/with?odd#characters', '🙂'.repeat(128)]) {
      await good(await edge.click(user, 'b1'));
      assert.ok((await edge.idsFor(user)).slice(0, 3).every(isB));
    }
    assert.deepEqual(edge.errors, []);
  });
}

for (const [name, make] of [['memory', () => memoryEdgeStore()], ['Durable Objects', () => durableObjectStore(fakeObjects())]]) {
  test(`${name}: of changes at the same time none is lost`, async () => {
    const store = make();
    const add = (value) => store.update('ada', (bytes) => new Uint8Array([...(bytes ?? []), value]));
    await Promise.all([1, 2, 3, 4, 5].map(add));
    assert.deepEqual([...(await store.load('ada'))].toSorted(), [1, 2, 3, 4, 5]);
  });
}

test('in KV histories end by themselves', async () => {
  const kv = fakeKv();
  await kvStore(kv, { prefix: 'h:', expirationDays: 7 }).save('ada', new Uint8Array([1]));
  assert.deepEqual([...kv.values.keys()], ['h:ada']);
  assert.deepEqual(kv.values.get('h:ada').options, { expirationTtl: 604_800 });
});

test('memory keeps the users last active', async () => {
  const store = memoryEdgeStore({ maxUsers: 2 });
  for (const user of ['a', 'b', 'a', 'c']) await store.save(user, new Uint8Array([1]));
  assert.deepEqual([!!(await store.load('a')), !!(await store.load('b')), !!(await store.load('c'))], [true, false, true]);
});

test('a store that fails costs the history, not the list; an event that cannot be kept is 503', async () => {
  const broken = async () => {
    throw new Error('the store is away');
  };
  const edge = new Edge({ store: { load: broken, save: broken, remove: broken } });
  assert.equal((await edge.idsFor('ada')).length, 5);
  assert.match(edge.errors[0].message, /away/);
  await refused(await edge.click('ada', 'b1'), 503, 'ServiceUnavailableException', /cannot be stored/);
});

test('a stored history that cannot be read is begun anew', async () => {
  const store = memoryEdgeStore();
  await store.save('ada', new Uint8Array([9, 9, 9]));
  const edge = new Edge({ store });
  assert.equal((await edge.idsFor('ada')).length, 5);
  await good(await edge.click('ada', 'b1'));
  assert.ok((await edge.idsFor('ada')).slice(0, 3).every(isB));
});
