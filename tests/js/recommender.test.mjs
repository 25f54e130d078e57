import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, kExcludeSeen, kGroups, kNastyIds } from './fixtures.mjs';

let recommender;
let popularity;

before(async () => {
  [recommender, popularity] = await Promise.all([load(bundles.sims), load(bundles.popularity)]);
});

after(() => {
  recommender.dispose();
  popularity.dispose();
});

const kAllIds = Object.values(kGroups).flat();
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('a recommender says what it is', () => {
  assert.equal(recommender.recipe, 'sims');
  assert.equal(popularity.recipe, 'popularity-count');
  assert.equal(recommender.itemCount, kAllIds.length);
  const types = Object.fromEntries(recommender.columns.map(({ name, type }) => [name, type]));
  assert.deepEqual(types, {
    TITLE: 'text',
    GENRES: 'categorical',
    YEAR: 'integer',
    PRICE: 'real',
    ADULT: 'boolean',
  });
  assert.equal(typeof recommender.provenance, 'object');
  assert.equal(recommender.provenance, recommender.provenance);
  assert.throws(() => recommender.columns.push({}), TypeError);
});

test('itemIds goes through all items in the order of their bytes, nasty ones unharmed', () => {
  assert.deepEqual([...recommender.itemIds()], kAllIds.toSorted(byBytes));
});

test('ids that break careless code go in and come out unharmed everywhere', () => {
  for (const itemId of kNastyIds) {
    assert.equal(recommender.has(itemId), true, itemId);
    assert.equal(recommender.item(itemId).itemId, itemId);
    const session = recommender.session();
    assert.equal(session.record({ itemId, eventType: itemId }), true);
    assert.equal(session.history[0].itemId, itemId);
    assert.equal(session.history[0].eventType, itemId);
    const filter = 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';
    assert.deepEqual(idsOf(session.getRecommendations({ filter })), [itemId]);
    const similar = idsOf(recommender.similarItems(itemId, { numResults: 5 }));
    assert.ok(
      similar.every((id) => kNastyIds.includes(id) && id !== itemId),
      `${itemId}: ${similar}`,
    );
    const { personalizedRanking } = session.getPersonalizedRanking({ inputList: ['a1', itemId] });
    assert.deepEqual(
      personalizedRanking.map((item) => item.itemId).sort(byBytes),
      ['a1', itemId].sort(byBytes),
    );
    session.dispose();
  }
});

test('has and item know what is there and what is not', () => {
  assert.equal(recommender.has('a1'), true);
  for (const id of ['A1', 'a1 ', 'a', 'a10', 'toString', 'hasOwnProperty']) {
    assert.equal(recommender.has(id), false);
    assert.equal(recommender.item(id), undefined);
  }
  for (const id of ['', 5, undefined])
    assert.throws(() => recommender.has(id), errorOf('INVALID_ARGUMENT', /^itemId/));
});

test('metadata are texts as in Amazon Personalize, and nulls are left out', () => {
  const { metadata } = recommender.item('a1');
  assert.deepEqual(new Set(metadata.GENRES.split('|')), new Set(['drama', 'comedy']));
  const expected = {
    TITLE: 'Alpha 1, "the one"',
    YEAR: '1990',
    PRICE: '4.1',
    ADULT: 'true',
    GENRES: metadata.GENRES,
  };
  assert.deepEqual({ ...metadata }, expected);
  assert.deepEqual(
    { ...recommender.item('b2').metadata },
    {
      TITLE: 'Bravo 2',
      GENRES: 'war',
      YEAR: '2001',
      PRICE: '0.5',
      ADULT: 'false',
    },
  );
  assert.deepEqual({ ...recommender.item(kNastyIds[0]).metadata }, {});
  assert.deepEqual(
    { ...recommender.item(kNastyIds[1]).metadata },
    { TITLE: 'Nasty 1\nsecond line' },
  );
});

test('only the columns that were asked for are returned', () => {
  assert.deepEqual({ ...recommender.item('b1', ['YEAR']).metadata }, { YEAR: '2000' });
  assert.deepEqual({ ...recommender.item('b1', []).metadata }, {});
  const session = recommender.session();
  const [with_] = session.getRecommendations({
    numResults: 1,
    metadataColumns: { ITEMS: ['YEAR', 'TITLE'] },
  }).itemList;
  assert.deepEqual(Object.keys(with_.metadata).sort(), ['TITLE', 'YEAR']);
  const [without] = session.getRecommendations({ numResults: 1 }).itemList;
  assert.equal('metadata' in without, false);
  const [empty] = session.getRecommendations({ numResults: 1, metadataColumns: {} }).itemList;
  assert.equal('metadata' in empty, false);
  const similar = recommender.similarItems('a1', {
    numResults: 1,
    metadataColumns: { ITEMS: ['TITLE'] },
  });
  assert.match(similar.itemList[0].metadata.TITLE, /^Alpha/);
});

test('a column that the bundle does not have is refused with what was meant', () => {
  const session = recommender.session();
  const call = (metadataColumns) => () => session.getRecommendations({ metadataColumns });
  assert.throws(
    call({ ITEMS: ['TITEL'] }),
    errorOf('INVALID_ARGUMENT', /"TITEL"; did you mean "TITLE"\?/),
  );
  assert.throws(call({ ITEMS: ['title'] }), errorOf('INVALID_ARGUMENT', /did you mean "TITLE"\?/));
  assert.throws(
    call({ ITEMS: ['SOMETHING_ELSE'] }),
    errorOf('INVALID_ARGUMENT', /known: .*GENRES/),
  );
  assert.throws(call({ ITEMS: 'TITLE' }), errorOf('INVALID_ARGUMENT', /not an array/));
  assert.throws(call({ ITEMS: [undefined] }), errorOf('INVALID_ARGUMENT'));
  assert.throws(call({ items: ['TITLE'] }), errorOf('INVALID_ARGUMENT', /did you mean "ITEMS"\?/));
  assert.throws(
    () => recommender.item('a1', ['YEARS']),
    errorOf('INVALID_ARGUMENT', /did you mean "YEAR"\?/),
  );
});

test("similarItems stays in the item's group and leaves the item out", () => {
  const { itemList, recommendationId } = recommender.similarItems('b1', { numResults: 5 });
  assert.match(recommendationId, /^RID-/);
  assert.deepEqual(itemList.map(({ itemId }) => itemId).sort(), kGroups.b.slice(1));
  assert.ok(itemList.every(({ score }) => Number.isFinite(score)));
});

test('a filter of similarItems looks at the events of the session that is passed', () => {
  const session = recommender.session();
  session.record({ itemId: 'b2' });
  const options = { numResults: 31, filter: kExcludeSeen };
  assert.equal(idsOf(recommender.similarItems('b1', options)).includes('b2'), true);
  assert.equal(
    idsOf(recommender.similarItems('b1', { ...options, session })).includes('b2'),
    false,
  );
});

test('similarItems of an unknown item, or with the session of another recommender, is refused', () => {
  assert.throws(
    () => recommender.similarItems('a7'),
    errorOf('NOT_FOUND', /"a7" is not in the bundle/),
  );
  for (const session of [popularity.session(), {}, 5]) {
    assert.throws(
      () => recommender.similarItems('a1', { session }),
      errorOf('INVALID_ARGUMENT', /session/),
    );
  }
});

test('the popularity recipe answers the same calls', () => {
  const session = popularity.session();
  assert.deepEqual(idsOf(session.getRecommendations({ numResults: 6 })).sort(), kGroups.a);
  assert.equal(
    session.getPersonalizedRanking({ inputList: ['b1', 'a1'] }).personalizedRanking[0].itemId,
    'a1',
  );
  assert.equal(popularity.similarItems('b1', { numResults: 3 }).itemList.length, 3);
});

test('the same events give the same lists, to the bit', () => {
  const lists = [1, 2].map(() => {
    const session = recommender.session();
    for (const [i, itemId] of ['a1', 'b3', 'x', 'a5'].entries())
      session.record({ itemId, timestamp: i });
    return session.getRecommendations({ numResults: 31 }).itemList;
  });
  assert.deepEqual(lists[0], lists[1]);
});

test('after dispose every call is refused, and disposing twice is fine', async () => {
  const short = await load(bundles.sims);
  const session = short.session();
  const ids = short.itemIds();
  ids.next();
  short.dispose();
  short.dispose();
  const calls = [
    () => short.has('a1'),
    () => short.item('a1'),
    () => short.itemIds(),
    () => ids.next(),
    () => short.session(),
    () => short.similarItems('a1'),
    () => short.provenance,
    () => session.getRecommendations(),
    () => session.record({ itemId: 'a1' }),
    () => session.history,
  ];
  for (const call of calls) assert.throws(call, errorOf('DISPOSED'));
  session.dispose();
  assert.equal(short.recipe, 'sims');
});

test(
  '"using" disposes, where the engine knows it',
  { skip: !Symbol.dispose && 'no Symbol.dispose' },
  async () => {
    const short = await load(bundles.sims);
    const session = short.session();
    session[Symbol.dispose]();
    assert.throws(() => session.history, errorOf('DISPOSED'));
    short[Symbol.dispose]();
    assert.throws(() => short.has('a1'), errorOf('DISPOSED'));
  },
);

test('JSON with __proto__ and constructor in any argument pollutes nothing', () => {
  const session = recommender.session();
  const hostile = (json) => JSON.parse(json);
  const names = '"__proto__": {"polluted": true}';
  const calls = [
    () => session.record(hostile(`{"itemId": "a1", ${names}}`)),
    () => session.getRecommendations(hostile(`{${names}}`)),
    () => session.getRecommendations(hostile(`{"constructor": {"prototype": {"polluted": true}}}`)),
    () => session.getRecommendations({ metadataColumns: hostile(`{${names}}`) }),
    () => session.getRecommendations({ metadataColumns: { ITEMS: ['__proto__'] } }),
    () => session.getPersonalizedRanking(hostile(`{"inputList": [], ${names}}`)),
    () => recommender.session(hostile(`{${names}}`)),
    () => recommender.similarItems('a1', hostile(`{${names}}`)),
    () => recommender.item('a1', ['constructor']),
  ];
  for (const call of calls) assert.throws(call, errorOf('INVALID_ARGUMENT'));
  session.record({ itemId: '__proto__', eventType: '__proto__' });
  session.getPersonalizedRanking({ inputList: ['__proto__', 'constructor'] });
  assert.equal({}.polluted, undefined);
  assert.equal(Object.keys(Object.prototype).length, 0);
});

test('recommending asks nothing of the network', () => {
  const { fetch } = globalThis;
  globalThis.fetch = () => assert.fail('fetch was called');
  try {
    const session = recommender.session();
    session.record({ itemId: 'a1' });
    session.getRecommendations({ filter: kExcludeSeen });
    session.getPersonalizedRanking({ inputList: ['a1'] });
    recommender.similarItems('a1');
  } finally {
    globalThis.fetch = fetch;
  }
});
