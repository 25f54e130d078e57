// attune/worker: the calls of a recommender as messages. Both ends in one process; browsers are in tests/e2e.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { kSessionMethods } from '../../js/dist/worker-methods.js';
import { load as loadInWorker } from '../../js/dist/worker.js';
import { manifestOf, newKey, shop, signed, Site } from './publishing.mjs';
import { bundles, errorOf, idsOf, kExcludeSeen, kGroups } from './fixtures.mjs';
import { workerEnds } from './worker-ends.mjs';

const ports = [];
const sent = [];

/** An end whose other end answers. */
function worker() {
  const [port1, port2] = workerEnds();
  ports.push(port1, port2);
  const post = port1.postMessage.bind(port1);
  port1.postMessage = (message, transfer) => (sent.push(message), post(message, transfer));
  return port1;
}

const bytes = () => Uint8Array.from(readFileSync(bundles.sims));
const opened = (options) => loadInWorker(bytes(), { worker: worker(), ...options });

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
  sent.length = 0;
});

test('lists, rankings and similar items are those of the package', async () => {
  const [remote, local] = [await opened(), await load(bundles.sims)];
  const [session, wanted] = [remote.session(), local.session()];
  assert.equal(await session.record({ itemId: 'b1' }), wanted.record({ itemId: 'b1' }));
  const options = { numResults: 5, filter: kExcludeSeen, metadataColumns: { ITEMS: ['TITLE'] } };
  const { recommendationId, itemList } = await session.getRecommendations(options);
  assert.match(recommendationId, /^RID-/);
  assert.deepEqual(itemList, wanted.getRecommendations(options).itemList);
  const inputList = ['a1', 'b2', 'nowhere'];
  assert.deepEqual((await session.getPersonalizedRanking({ inputList })).personalizedRanking, wanted.getPersonalizedRanking({ inputList }).personalizedRanking);
  assert.deepEqual(idsOf(await remote.similarItems('a1', { numResults: 3 })), idsOf(local.similarItems('a1', { numResults: 3 })));
  local.dispose();
});

test('calls are done in their order, without waiting for each answer', async () => {
  const session = (await opened()).session();
  for (const id of kGroups.b) void session.record({ itemId: id });
  const list = session.getRecommendations({ filter: kExcludeSeen, numResults: 40 });
  void session.clear();
  const history = session.history();
  assert.ok(idsOf(await list).every((id) => !kGroups.b.includes(id)));
  assert.deepEqual(await history, []);
});

test('what is known of the bundle is there at once', async () => {
  const [{ facts }, local] = [await opened(), await load(bundles.sims)];
  assert.equal(facts.recipe, 'sims');
  assert.equal(facts.itemCount, local.itemCount);
  assert.deepEqual(facts.columns, local.columns);
  assert.deepEqual(facts.provenance, local.provenance);
  assert.equal(facts.version, undefined);
  local.dispose();
});

test('items, ids and filters can be asked for', async () => {
  const [remote, local] = [await opened(), await load(bundles.sims)];
  assert.deepEqual(await remote.itemIds(), [...local.itemIds()]);
  assert.deepEqual(await remote.item('a1', ['TITLE']), local.item('a1', ['TITLE']));
  assert.equal(await remote.item('nowhere'), undefined);
  assert.deepEqual([await remote.has('a1'), await remote.has('nowhere')], [true, false]);
  assert.equal(await remote.checkFilter(kExcludeSeen), undefined);
  const wrong = await remote.checkFilter('EXCLUDE nonsense');
  assert.equal(wrong.code, 'INVALID_FILTER');
  assert.equal(wrong.at, local.checkFilter('EXCLUDE nonsense').at);
  local.dispose();
});

test('a session is saved as bytes that come without being copied, and restored in another', async () => {
  const remote = await opened();
  const session = remote.session();
  await session.record({ itemId: 'b1', timestamp: 1_700_000_000 });
  const saved = await session.save();
  assert.ok(saved instanceof Uint8Array);
  const other = remote.session();
  await other.restore(saved);
  assert.deepEqual((await other.history()).map(({ itemId }) => itemId), ['b1']);
  assert.deepEqual(idsOf(await remote.similarItems('a1', { session: other, filter: 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")' })), ['b1']);
});

test('a buffer of a bundle is handed over, not copied', async () => {
  const { buffer } = bytes();
  const remote = await loadInWorker(buffer, { worker: worker() });
  assert.equal(buffer.byteLength, 0);
  assert.equal(remote.facts.recipe, 'sims');
  const part = readFileSync(bundles.sims);
  const view = new Uint8Array(part.length + 8).subarray(8);
  view.set(part);
  await loadInWorker(view, { worker: worker() });
  assert.equal(view.length, part.length, 'a part of a buffer stays the caller’s');
});

test('errors come as they were thrown', async () => {
  const remote = await opened();
  await assert.rejects(remote.similarItems('nowhere'), errorOf('NOT_FOUND', /"nowhere" is not in the bundle/));
  const session = remote.session();
  await assert.rejects(session.record({}), errorOf('INVALID_ARGUMENT', /itemId/));
  await assert.rejects(session.getRecommendations({ filter: 'EXCLUDE nonsense' }), (error) => error.code === 'INVALID_FILTER' && error.at > 0);
  await assert.rejects(session.restore(new Uint8Array([1])), errorOf('INVALID_SESSION'));
  await assert.rejects(session.getRecommendations({ numResults: () => 1 }), errorOf('INVALID_ARGUMENT', /cannot be sent/));
  await assert.rejects(loadInWorker(new Uint8Array([1, 2, 3]), { worker: worker() }), errorOf('NOT_A_BUNDLE'));
});

test('a session that cannot be opened says so in ready and in each call', async () => {
  const session = (await opened()).session({ maxEvents: -1 });
  await assert.rejects(session.ready, errorOf('INVALID_ARGUMENT', /maxEvents/));
  await assert.rejects(session.getRecommendations(), errorOf('INVALID_ARGUMENT', /maxEvents/));
});

test('after dispose() nothing is answered', async () => {
  const remote = await opened();
  const [session, kept] = [remote.session(), remote.session()];
  await session.dispose();
  await assert.rejects(session.getRecommendations(), errorOf('DISPOSED'));
  await kept.getRecommendations();
  const underWay = kept.getRecommendations();
  remote.dispose();
  await assert.rejects(underWay, errorOf('DISPOSED'));
  await assert.rejects(kept.history(), errorOf('DISPOSED'));
});

test('the table of methods is closed', async () => {
  const port = worker();
  await loadInWorker(bytes(), { worker: port });
  const answer = (call) => new Promise((resolve) => {
    port.addEventListener('message', ({ data }) => data.id === call.id && resolve(data));
    port.postMessage(call, []);
  });
  for (const [n, method] of ['constructor', '__proto__', 'toString', 'adopt', 'observer', '', undefined].entries()) {
    const { error } = await answer({ id: 1000 + n, method, values: [] });
    assert.equal(error.code, 'INVALID_ARGUMENT', method);
    assert.match(error.message, /there is no method/);
  }
  const { error } = await answer({ id: 2000, method: 'load', values: [bytes(), {}] });
  assert.match(error.message, /a bundle already/);
});

test('every method of a session is in the table', async () => {
  const { Session } = await import('../../build/js/session.js');
  const own = Object.getOwnPropertyNames(Session.prototype).filter(
    (name) => name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(Session.prototype, name).value === 'function',
  );
  assert.deepEqual([...kSessionMethods].toSorted(), own.toSorted());
});

test('a manifest is followed in the worker, and its news reach the page', async () => {
  const site = await new Site().start();
  const key = newKey();
  site.publish(signed(manifestOf(shop), key));
  const outcomes = [];
  const remote = await loadInWorker(site.manifest, { worker: worker(), publicKeys: [key.text], onUpdate: (outcome) => outcomes.push(outcome) });
  assert.equal(remote.facts.version, 1);
  site.publish(signed(manifestOf(shop, { version: 2 }), key));
  assert.equal(await remote.update(), true);
  assert.equal(remote.facts.version, 2);
  assert.deepEqual(outcomes, [{ version: 2, updated: true }]);
  assert.equal((await remote.session().getRecommendations()).modelVersion, 2);
  site.stop();
});

test('loading can be aborted, and what cannot be handed over is refused', async () => {
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(opened({ signal: abort.signal }), errorOf('ABORTED'));
  for (const source of [undefined, null, 7, {}]) {
    await assert.rejects(loadInWorker(source, { worker: worker() }), errorOf('INVALID_ARGUMENT', /cannot be handed/));
  }
  await assert.rejects(opened({ store: {} }), errorOf('INVALID_ARGUMENT', /unknown option "store"/));
  const remote = await opened();
  assert.throws(() => remote.session({ userId: 'u', store: {} }), errorOf('INVALID_ARGUMENT', /IndexedDB/));
  await assert.rejects(remote.update(), errorOf('INVALID_ARGUMENT', /^update: .* without a manifest/));
  await assert.rejects(remote.loadMetadata(), errorOf('INVALID_ARGUMENT', /^loadMetadata: .* without a manifest/));
});

test('without Web Workers it is said at once', async () => {
  await assert.rejects(loadInWorker(bytes()), errorOf('INVALID_ARGUMENT', /no Web Workers here/));
});
