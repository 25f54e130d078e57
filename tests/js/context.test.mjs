// What a request knows beside the events: attributes of the user and context.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { load, memoryStore } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, root } from './fixtures.mjs';

const kBinary = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');

let recommender;
let sims;

before(async () => {
  [recommender, sims] = await Promise.all([load(bundles.query), load(bundles.sims)]);
});

after(() => {
  recommender.dispose();
  sims.dispose();
});

/** How many of the first five items are of a group, such as `tv-red`. */
const countOf = (group, session, context) =>
  idsOf(session.getRecommendations({ numResults: 5, context })).filter((id) => id.startsWith(group))
    .length;

test('the bundle says which columns it knows', () => {
  assert.deepEqual(
    recommender.userColumns.map(({ name, type }) => [name, type]),
    [
      ['TASTE', 'categorical'],
      ['AGE', 'integer'],
      ['MEMBER', 'boolean'],
      ['NOTE', 'text'],
    ],
  );
  assert.deepEqual(recommender.contextColumns, [{ name: 'DEVICE', type: 'categorical' }]);
  assert.deepEqual([...sims.userColumns, ...sims.contextColumns], []);
});

test('a user without events gets lists by attributes and context', () => {
  for (const [taste, device] of [['red', 'tv'], ['blue', 'tv'], ['red', 'phone'], ['blue', 'phone']]) {
    const session = recommender.session({ attributes: { taste } });
    assert.equal(countOf(`${device}-${taste}`, session, { Device: device }), 5);
  }
});

test('attributes may be numbers and booleans, and merge with what was told before', () => {
  const session = recommender.session({ attributes: { AGE: 21, MEMBER: true } });
  assert.ok(countOf('tv-blue', session, { DEVICE: 'tv' }) >= 4);
  session.setAttributes({ AGE: 53.5 });
  assert.ok(countOf('tv-red', session, { DEVICE: 'tv' }) >= 4);
  session.setAttributes({ TASTE: 'red', NOTE: 'x' });
  assert.equal(countOf('tv-red', session, { DEVICE: 'tv' }), 5);
});

test('null, unknown values and a missing context contribute nothing', () => {
  const plain = recommender.session().getRecommendations().itemList;
  const session = recommender.session({ attributes: { TASTE: 'red' } });
  assert.notDeepEqual(session.getRecommendations().itemList, plain);
  for (const TASTE of [null, undefined, '', 'green']) {
    session.setAttributes({ TASTE: 'red' });
    session.setAttributes({ TASTE });
    const context = { DEVICE: TASTE };
    assert.deepEqual(session.getRecommendations({ context }).itemList, plain);
  }
});

test('a context is of one request alone', () => {
  const session = recommender.session();
  const before = session.getRecommendations().itemList;
  const inputList = idsOf({ itemList: before });
  assert.notDeepEqual(session.getRecommendations({ context: { DEVICE: 'phone' } }).itemList, before);
  assert.deepEqual(session.getRecommendations().itemList, before);
  const ranking = (context) => session.getPersonalizedRanking({ inputList, context });
  const order = ranking().personalizedRanking;
  const onPhone = ranking({ DEVICE: 'phone' }).personalizedRanking;
  assert.ok(onPhone.slice(0, 10).every(({ itemId }) => itemId.startsWith('phone')));
  assert.notDeepEqual(onPhone, order);
  assert.deepEqual(ranking().personalizedRanking, order);
});

test('after one event the list moves, and the context still counts', () => {
  const session = recommender.session();
  const before = session.getRecommendations({ context: { DEVICE: 'tv' } }).itemList;
  session.record({ itemId: 'phone-red-1' });
  assert.notDeepEqual(session.getRecommendations({ context: { DEVICE: 'tv' } }).itemList, before);
  assert.ok(countOf('tv-red', session, { DEVICE: 'tv' }) >= 4);
});

test('a name that the bundle does not have is refused with those it has', () => {
  const session = recommender.session();
  assert.throws(
    () => session.getRecommendations({ context: { DEVISE: 'tv' } }),
    errorOf('INVALID_ARGUMENT', /^context: unknown column "DEVISE"; did you mean "DEVICE"\? \(columns: DEVICE\)$/),
  );
  assert.throws(
    () => session.getPersonalizedRanking({ inputList: ['x'], context: { TASTE: 'red' } }),
    errorOf('INVALID_ARGUMENT', /unknown column "TASTE".*DEVICE/),
  );
  assert.throws(
    () => recommender.session({ attributes: { DEVICE: 'tv' } }),
    errorOf('INVALID_ARGUMENT', /^attributes: unknown column "DEVICE".*TASTE, AGE/),
  );
  for (const name of ['__proto__', 'constructor'])
    assert.throws(() => session.setAttributes({ [name]: 1 }), errorOf('INVALID_ARGUMENT'));
});

test('values that are no texts, numbers or booleans are refused, and nothing is set', () => {
  const session = recommender.session();
  const before = session.getRecommendations().itemList;
  for (const AGE of [NaN, Infinity, [1], {}, Symbol('x'), 5n, 'x'.repeat(1001), '\ud800']) {
    assert.throws(
      () => session.setAttributes({ TASTE: 'red', AGE }),
      errorOf('INVALID_ARGUMENT', /^attributes\.AGE: /),
    );
  }
  for (const values of ['red', 5, null, ['red']])
    assert.throws(() => session.setAttributes(values), errorOf('INVALID_ARGUMENT', /^attributes: /));
  const many = Object.fromEntries(Array.from({ length: 151 }, (_, i) => [`N${i}`, 'x']));
  assert.throws(
    () => session.getRecommendations({ context: many }),
    errorOf('INVALID_ARGUMENT', /more than 150/),
  );
  assert.deepEqual(session.getRecommendations().itemList, before);
});

test('a bundle that knows no columns takes every name and ignores it', () => {
  const session = sims.session({ attributes: { TASTE: 'red' } });
  const plain = sims.session().getRecommendations().itemList;
  assert.deepEqual(session.getRecommendations({ context: { DEVICE: 'tv' } }).itemList, plain);
  assert.throws(
    () => session.getRecommendations({ context: { DEVICE: {} } }),
    errorOf('INVALID_ARGUMENT'),
  );
});

test('attributes are not stored, and outlive a cleared and a restored history', async () => {
  const store = memoryStore();
  const open = (attributes) => recommender.session({ userId: 'me', store, attributes });
  const first = open({ TASTE: 'red' });
  await first.ready;
  const red = first.getRecommendations().itemList;
  first.record({ itemId: 'tv-blue-1' });
  const saved = first.save();
  await first.flush();
  first.clear();
  assert.deepEqual(first.getRecommendations().itemList, red);
  first.restore(saved);
  const both = first.getRecommendations().itemList;
  await first.flush();
  const second = open();
  await second.ready;
  assert.equal(second.history.length, 1);
  assert.notDeepEqual(second.getRecommendations().itemList, both);
  second.setAttributes({ TASTE: 'red' });
  assert.deepEqual(second.getRecommendations().itemList, both);
});

test('a session that was disposed of takes no attributes', () => {
  const session = recommender.session();
  session.dispose();
  assert.throws(() => session.setAttributes({}), errorOf('DISPOSED'));
});

test('native and wasm give the same bits with attributes and context', () => {
  const ids = [...recommender.itemIds()];
  const requests = Array.from({ length: 200 }, (_, n) => ({
    ...(n % 3 ? {} : { itemList: ids.slice(n % 7) }),
    events: Array.from({ length: n % 5 }, (_, i) => ({
      itemId: ids[(n * 7 + i * 3) % ids.length],
      eventType: 'watch',
      timestamp: 1_700_000_000 + i,
    })),
    attributes: { TASTE: ['red', 'blue', 'red|blue', 'green'][n % 4], AGE: 15 + n / 4, MEMBER: n % 2 > 0 },
    context: n % 2 ? { DEVICE: n % 4 > 1 ? 'phone' : 'tv' } : {},
  }));
  const output = execFileSync(kBinary, ['recommend', '--bundle', bundles.query], {
    input: requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = output.trim().split('\n').map((line) => JSON.parse(line));
  const bits = (scores) => [...new Uint32Array(Float32Array.from(scores).buffer)];
  requests.forEach(({ itemList, events, attributes, context }, n) => {
    const session = recommender.session({ attributes });
    for (const event of events) session.record(event);
    const answer = itemList
      ? session.getPersonalizedRanking({ inputList: itemList, context }).personalizedRanking
      : session.getRecommendations({ context }).itemList;
    assert.equal(lines[n].error, null);
    assert.deepEqual(answer.map(({ itemId }) => itemId), lines[n].output.recommendedItems, `request ${n}`);
    assert.deepEqual(bits(answer.map(({ score }) => score)), bits(lines[n].output.scores), `request ${n}`);
    session.dispose();
  });
});
