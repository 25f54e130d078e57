import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, kGroups } from './fixtures.mjs';

let recommender;
let session;

before(async () => {
  recommender = await load(bundles.sims);
  session = recommender.session();
});

after(() => recommender.dispose());

const list = (filter, filterValues) =>
  idsOf(session.getRecommendations({ numResults: 100, filter, filterValues })).sort();

test('a filter looks at the metadata of the items', () => {
  assert.deepEqual(list('INCLUDE ItemID WHERE Items.GENRES IN ("war")'), kGroups.b);
  assert.deepEqual(list('INCLUDE ItemID WHERE Items.PRICE > 4 AND Items.PRICE <= 6.1'), [
    'a1',
    'a2',
    'a3',
  ]);
  assert.deepEqual(list('INCLUDE ItemID WHERE Items.PRICE = 4.1'), ['a1']);
});

test('placeholders take texts, numbers, booleans and lists of them', () => {
  const genres = 'INCLUDE ItemID WHERE Items.GENRES IN ($G)';
  assert.deepEqual(list(genres, { G: 'war' }), kGroups.b);
  assert.deepEqual(list(genres, { G: '"war","drama"' }), [...kGroups.a, ...kGroups.b]);
  assert.deepEqual(list(genres, { G: ['war', 'drama'] }), [...kGroups.a, ...kGroups.b]);
  assert.deepEqual(list('INCLUDE ItemID WHERE Items.PRICE < $max', { max: 1 }), kGroups.b);
  assert.deepEqual(list('INCLUDE ItemID WHERE Items.PRICE < $max', { max: '1' }), kGroups.b);
  for (const id of kGroups.nasty) {
    assert.deepEqual(list('INCLUDE ItemID WHERE Items.ITEM_ID IN ($ids)', { ids: [id] }), [id], id);
  }
});

test('an INCLUDE without its value is an error at the placeholder, an EXCLUDE is switched off', () => {
  assert.throws(() => list('INCLUDE ItemID WHERE Items.GENRES IN ($G)'), errorOf('INVALID_FILTER'));
  try {
    list('INCLUDE ItemID WHERE Items.GENRES IN ($G)', { g: 'war' });
    assert.fail('accepted');
  } catch (error) {
    assert.equal(error.at, 39);
  }
  const all = recommender.itemCount;
  assert.equal(list('EXCLUDE ItemID WHERE Items.GENRES IN ($G)').length, all);
  assert.equal(list('EXCLUDE ItemID WHERE Items.GENRES IN ($G)', { G: null }).length, all);
  assert.equal(list('EXCLUDE ItemID WHERE Items.GENRES IN ($G)', { G: [] }).length, all);
});

test('values that are none are refused by name', () => {
  const filter = 'EXCLUDE ItemID WHERE Items.GENRES IN ($G)';
  for (const G of [{}, [null], NaN, [['a']], () => 1]) {
    assert.throws(() => list(filter, { G }), errorOf('INVALID_ARGUMENT', /^filterValues\.G/));
  }
  assert.throws(() => list(filter, ['war']), errorOf('INVALID_ARGUMENT', /^filterValues/));
  assert.throws(() => list(filter, { G: '"war' }), errorOf('INVALID_ARGUMENT'));
});

test('related items are compared with the item asked for', () => {
  const related = (filter) =>
    idsOf(recommender.similarItems('a3', { numResults: 100, filter })).sort();
  assert.deepEqual(
    related('INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES'),
    ['a1', 'a2'],
  );
  assert.throws(
    () => list('INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE'),
    errorOf('INVALID_FILTER', /related items only/),
  );
});

test('attributes of the user decide about an IF, and now() about times', () => {
  const filter = 'INCLUDE ItemID WHERE Items.GENRES IN ("war") IF CurrentUser.AGE > 20';
  assert.equal(list(filter).length, recommender.itemCount);
  session.setAttributes({ AGE: 30 });
  assert.deepEqual(list(filter), kGroups.b);
  session.setAttributes({ AGE: null });
  const seconds = Date.now() / 1000;
  session.record({ itemId: 'a1', timestamp: seconds - 7200 });
  session.record({ itemId: 'a2', timestamp: seconds - 60 });
  assert.deepEqual(list('INCLUDE ItemID WHERE Interactions.TIMESTAMP > now() - 1h'), ['a2']);
});

test('checkFilter tells what is wrong without asking for a list', () => {
  assert.equal(recommender.checkFilter('EXCLUDE ItemID WHERE Items.PRICE > 3'), undefined);
  const error = recommender.checkFilter('EXCLUDE ItemID WHERE Items.GENRE IN ("war")');
  assert.equal(error.code, 'INVALID_FILTER');
  assert.equal(error.at, 28);
  assert.match(error.message, /did you mean GENRES\?/);
});

test('a recommender can be bound to what Personalize accepts', async () => {
  const filter = 'EXCLUDE ItemID WHERE Items.GENRES NOT IN ($G)';
  assert.equal(recommender.checkFilter(filter), undefined);
  const compatible = await load(bundles.sims, { filterLanguage: 'compatible' });
  assert.match(compatible.checkFilter(filter).message, /Personalize/);
  compatible.dispose();
  await assert.rejects(
    load(bundles.sims, { filterLanguage: 'strict' }),
    errorOf('INVALID_ARGUMENT', /^filterLanguage/),
  );
});

test('a filter that leaves few items still gives as many as were asked for', () => {
  const filter = 'INCLUDE ItemID WHERE Items.ITEM_ID IN ("b6", "a6", "b5")';
  assert.equal(session.getRecommendations({ numResults: 3, filter }).itemList.length, 3);
});
