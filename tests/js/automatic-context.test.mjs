// What a request knows by its time alone: hour of the day, weekday, and the pause since the last event.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, idsOf, root } from './fixtures.mjs';

const kBinary = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');
const kEarly = Date.UTC(2024, 4, 14, 6);
const kLate = Date.UTC(2024, 4, 14, 18, 59, 59);
const kDay = 86_400_000;

let recommender;

before(async () => {
  recommender = await load(bundles.clock);
});

after(() => recommender.dispose());

/** The groups (`late-back`) of a list, and how many of its items are of each. */
function groupsOf(ids) {
  const counts = {};
  for (const id of ids) counts[id.replace(/-\d$/, '')] = (counts[id.replace(/-\d$/, '')] ?? 0) + 1;
  return counts;
}

const listOf = (session, context) => idsOf(session.getRecommendations({ numResults: 5, context }));

/** Makes it that time for the rest of a test. */
const setTime = (t, milliseconds) => t.mock.method(Date, 'now', () => milliseconds);

test('the bundle says which columns the time fills', () => {
  assert.deepEqual(recommender.contextColumns, [
    { name: 'HOUR_OF_DAY', type: 'integer' },
    { name: 'WEEKDAY', type: 'integer' },
    { name: 'DAYS_SINCE_LAST_EVENT', type: 'real' },
  ]);
  assert.deepEqual([...recommender.userColumns], []);
});

test('the same session gets another list at another time', (t) => {
  const session = recommender.session();
  session.record({ itemId: 'early-on-1', timestamp: (kEarly - 10 * kDay) / 1000 });
  setTime(t, kEarly);
  assert.deepEqual(groupsOf(listOf(session)), { 'early-back': 5 });
  setTime(t, kLate);
  assert.deepEqual(groupsOf(listOf(session)), { 'late-back': 5 });
  assert.equal(session.history.length, 1);
});

test('the pause is counted from the newest event', (t) => {
  const session = recommender.session();
  setTime(t, kEarly);
  session.record({ itemId: 'late-back-2' });
  setTime(t, kLate);
  assert.deepEqual(groupsOf(listOf(session)), { 'late-on': 5 });
  setTime(t, kLate + 5 * kDay);
  assert.deepEqual(groupsOf(listOf(session)), { 'late-back': 5 });
});

test('a user without events gets what suits the hour', (t) => {
  for (const [time, hours] of [[kEarly, 'early'], [kLate, 'late']]) {
    setTime(t, time);
    assert.deepEqual(groupsOf(listOf(recommender.session())), { [`${hours}-on`]: 5 });
  }
});

test('a ranking knows the time too', (t) => {
  const session = recommender.session();
  const inputList = ['early-on-1', 'late-on-1'];
  const bestAt = (time) => {
    setTime(t, time);
    return session.getPersonalizedRanking({ inputList }).personalizedRanking[0].itemId;
  };
  assert.equal(bestAt(kEarly), 'early-on-1');
  assert.equal(bestAt(kLate), 'late-on-1');
});

test('what the request says of itself counts instead, and null takes it away', (t) => {
  const session = recommender.session();
  session.record({ itemId: 'late-on-1', timestamp: kEarly / 1000 - 7200 });
  setTime(t, kEarly);
  const early = listOf(session);
  const scoresWith = (context) =>
    session.getRecommendations({ context }).itemList.map(({ score }) => score);
  assert.deepEqual(groupsOf(listOf(session, { hour_of_day: 20 })), { 'late-on': 5 });
  assert.deepEqual(groupsOf(listOf(session, { DAYS_SINCE_LAST_EVENT: 6 })), { 'early-back': 5 });
  assert.deepEqual(groupsOf(early), { 'early-on': 5 });
  const weekday = new Date(kEarly).getUTCDay();
  assert.deepEqual(scoresWith({ HOUR_OF_DAY: 6, WEEKDAY: weekday }), scoresWith({}));
  assert.notDeepEqual(scoresWith({ HOUR_OF_DAY: null }), scoresWith({}));
  assert.deepEqual(listOf(session), early);
});

test('items like an item do not depend on the time', (t) => {
  setTime(t, kEarly);
  const early = recommender.similarItems('early-on-1');
  setTime(t, kLate);
  assert.deepEqual(recommender.similarItems('early-on-1').itemList, early.itemList);
});

test('native and wasm give the same bits at any time', (t) => {
  const ids = [...recommender.itemIds()];
  const requests = Array.from({ length: 200 }, (_, n) => ({
    ...(n % 3 ? {} : { itemList: ids.slice(n % 7) }),
    timestamp: 1_715_000_000 + n * 40_001,
    events: Array.from({ length: n % 4 }, (_, i) => ({
      itemId: n % 5 ? ids[(n * 7 + i * 3) % ids.length] : 'unknown',
      timestamp: 1_714_990_000 + n * (i % 2 ? 40_000 : 30_000),
    })),
    context: n % 8 ? {} : { WEEKDAY: n % 7 },
  }));
  const output = execFileSync(kBinary, ['recommend', '--bundle', bundles.clock], {
    input: requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = output.trim().split('\n').map((line) => JSON.parse(line));
  const bits = (scores) => [...new Uint32Array(Float32Array.from(scores).buffer)];
  requests.forEach(({ itemList, events, timestamp, context }, n) => {
    const session = recommender.session();
    for (const event of events) session.record(event);
    setTime(t, timestamp * 1000 + (n % 1000));
    const answer = itemList
      ? session.getPersonalizedRanking({ inputList: itemList, context }).personalizedRanking
      : session.getRecommendations({ context }).itemList;
    assert.equal(lines[n].error, null);
    assert.deepEqual(answer.map(({ itemId }) => itemId), lines[n].output.recommendedItems, `request ${n}`);
    assert.deepEqual(bits(answer.map(({ score }) => score)), bits(lines[n].output.scores), `request ${n}`);
    session.dispose();
  });
});
