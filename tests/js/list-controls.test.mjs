// What a request says about the list as a whole: promotions, diversity, maxima, exploration, reasons.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, kGroups } from './fixtures.mjs';

let recommender;
let session;

before(async () => {
  recommender = await load(bundles.sims);
  session = recommender.session();
  for (const itemId of ['a1', 'a2', 'a3']) session.record({ itemId, timestamp: 5 });
});
after(() => recommender.dispose());

const war = { name: 'war week', filter: 'INCLUDE ItemID WHERE Items.GENRES IN ("war")' };

test('promoted items carry the name, the reason and keep their order, as do the others', () => {
  const plain = idsOf(session.getRecommendations({ numResults: 6 }));
  const places = new Set();
  for (let seed = 0; seed < 40; seed++) {
    const { itemList } = session.getRecommendations({
      numResults: 6,
      promotions: [{ ...war, percentPromotedItems: 34 }],
      seed,
    });
    const promoted = itemList.filter(({ promotionName }) => promotionName === 'war week');
    assert.equal(promoted.length, 2);
    for (const one of promoted) {
      assert.deepEqual(one.reason, ['Promoted item']);
      assert.ok(kGroups.b.includes(one.itemId));
    }
    assert.ok(promoted[0].score >= promoted[1].score);
    const others = itemList.filter((one) => !promoted.includes(one)).map(({ itemId }) => itemId);
    const left = plain.filter((id) => !promoted.some(({ itemId }) => itemId === id));
    assert.deepEqual(others, left.slice(0, 4));
    places.add(itemList.map((one) => (promoted.includes(one) ? 1 : 0)).join(''));
  }
  assert.ok(places.size > 5, 'the places are drawn');
});

test('a promotion takes values of its own, and the list filter is not asked of its items', () => {
  const { itemList } = session.getRecommendations({
    numResults: 4,
    filter: 'INCLUDE ItemID WHERE Items.ITEM_ID IN ($ids)',
    filterValues: { ids: kGroups.a },
    promotions: [
      {
        name: 'one',
        percentPromotedItems: 25,
        filter: 'INCLUDE ItemID WHERE Items.ITEM_ID IN ($ids)',
        filterValues: { ids: ['b6'] },
      },
    ],
  });
  assert.deepEqual(itemList.filter((one) => one.promotionName).map(({ itemId }) => itemId), ['b6']);
  assert.equal(itemList.filter(({ itemId }) => kGroups.a.includes(itemId)).length, 3);
});

test('the same seed gives the same list, and the next request is without controls again', () => {
  const options = { numResults: 8, explorationWeight: 1, diversity: 0.3, seed: 7 };
  const plain = session.getRecommendations({ numResults: 8 });
  const once = session.getRecommendations(options).itemList;
  assert.deepEqual(session.getRecommendations(options).itemList, once);
  assert.deepEqual(session.getRecommendations({ numResults: 8 }).itemList, plain.itemList);
  for (const { propensity } of once) assert.ok(propensity > 0 && propensity <= 1);
  for (const one of plain.itemList) assert.equal('propensity' in one, false);
});

test('at most so many items of one value', () => {
  const { itemList } = session.getRecommendations({
    numResults: 10,
    maxPerValue: { column: 'GENRES', count: 2 },
    metadataColumns: { ITEMS: ['GENRES'] },
  });
  for (const genre of ['drama', 'war']) {
    assert.equal(itemList.filter(({ metadata }) => metadata.GENRES?.includes(genre)).length, 2);
  }
});

test('an item says which past items speak for it', () => {
  const { itemList } = session.getRecommendations({ numResults: 3, explain: true });
  for (const { because, reason } of itemList) {
    if (because.kind === 'popular') {
      assert.deepEqual(reason, ['Popular item']);
      continue;
    }
    assert.equal(because.kind, 'events');
    assert.ok(because.events.length >= 1 && because.events.length <= 3);
    for (const { itemId, contribution } of because.events) {
      assert.ok(['a1', 'a2', 'a3'].includes(itemId));
      assert.ok(contribution > 0);
    }
  }
  const { itemList: nobody } = recommender.session().getRecommendations({ explain: true });
  assert.ok(nobody.every(({ because }) => because.kind === 'popular'));
});

test('impressions come with events, by list or by items, and by themselves', () => {
  const list = session.getRecommendations({ numResults: 4 });
  assert.equal(session.recordImpressions(list.recommendationId), true);
  assert.equal(session.recordImpressions('RID-unknown'), false);
  assert.equal(session.recordImpressions(['a1', 'not there']), true);
  const other = recommender.session();
  const { recommendationId } = other.getRecommendations({ numResults: 4 });
  other.record({ itemId: 'a1', recommendationId });
  other.record({ itemId: 'a1', impression: ['a2', 'b1'] });
  assert.throws(() => other.record({ itemId: 'a1', impression: [1] }), errorOf('INVALID_ARGUMENT', /impression\[0\]/));
});

test('similar items take promotions too', () => {
  const { itemList } = recommender.similarItems('a1', {
    numResults: 4,
    promotions: [{ ...war, percentPromotedItems: 50 }],
  });
  assert.equal(itemList.filter(({ promotionName }) => promotionName).length, 2);
});

const wrong = [
  [{ diversity: 1.5 }, /diversity: 1\.5 is not a number from 0 to 1/],
  [{ explorationWeight: 'much' }, /explorationWeight: "much" is not a number/],
  [{ freshnessBoost: Number.NaN }, /freshnessBoost: NaN/],
  [{ maxPerValue: { column: 'NOPE', count: 1 } }, /unknown column "NOPE"/],
  [{ maxPerValue: { column: 'TITLE', count: 1 } }, /categorical column/],
  [{ maxPerValue: { column: 'GENRES', count: 0 } }, /maxPerValue: 0 is not a whole number/],
  [{ maxPerValue: { columns: 'GENRES' } }, /unknown option "columns"; did you mean "column"/],
  [{ promotions: {} }, /promotions: .* is not an array/],
  [{ promotions: [{ name: 'p' }] }, /promotions\[0\]\.percentPromotedItems/],
  [{ promotions: [{ percentPromotedItems: 5 }] }, /promotions\[0\]\.name/],
  [{ promotions: [war, war].map((one) => ({ ...one, percentPromotedItems: 60 })) }, /more than 100 percent/],
  [{ promotions: Array(17).fill({ ...war, percentPromotedItems: 1 }) }, /more than 16 promotions/],
  [{ promotions: [{ name: 'p', percentPromotedItems: 5, filter: 'INCLUDE x' }] }, /./, 'INVALID_FILTER'],
  [{ timestamp: 'yesterday' }, /timestamp/],
];
for (const [options, message, code = 'INVALID_ARGUMENT'] of wrong) {
  test(`${JSON.stringify(options).slice(0, 60)} is refused, and nothing of it stays`, () => {
    const plain = session.getRecommendations({ numResults: 5 }).itemList;
    assert.throws(() => session.getRecommendations(options), errorOf(code, message));
    assert.deepEqual(session.getRecommendations({ numResults: 5 }).itemList, plain);
  });
}

test('the compatible language has one promotion, as Personalize does', async () => {
  const compatible = await load(bundles.sims, { filterLanguage: 'compatible' });
  const promotions = ['p', 'q'].map((name) => ({ name, percentPromotedItems: 10 }));
  assert.throws(
    () => compatible.session().getRecommendations({ promotions }),
    errorOf('INVALID_ARGUMENT', /more than one/),
  );
  compatible.dispose();
});
