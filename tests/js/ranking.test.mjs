import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, errorOf, kExcludeSeen } from './fixtures.mjs';

let recommender;

before(async () => {
  recommender = await load(bundles.sims);
});

after(() => recommender.dispose());

test("a ranking puts the items of the user's group first, with shares that sum to 1", () => {
  const session = recommender.session();
  session.record({ itemId: 'b1' });
  const { personalizedRanking, recommendationId } = session.getPersonalizedRanking({
    inputList: ['a1', 'b2', 'a2', 'b3'],
  });
  assert.match(recommendationId, /^RID-/);
  assert.deepEqual(
    personalizedRanking
      .slice(0, 2)
      .map(({ itemId }) => itemId)
      .sort(),
    ['b2', 'b3'],
  );
  const sum = personalizedRanking.reduce((total, { score }) => total + score, 0);
  assert.ok(Math.abs(sum - 1) < 1e-6, `${sum}`);
});

test('a ranking has unknown items last, in their order and without score, and repeated ones once', () => {
  const inputList = ['new 2', 'a1', 'new 1', 'a1', 'b1', 'new 2'];
  const { personalizedRanking } = recommender.session().getPersonalizedRanking({ inputList });
  assert.deepEqual(
    personalizedRanking
      .slice(0, 2)
      .map(({ itemId }) => itemId)
      .sort(),
    ['a1', 'b1'],
  );
  assert.deepEqual(personalizedRanking.slice(2), [{ itemId: 'new 2' }, { itemId: 'new 1' }]);
});

test('a ranking of nothing, or of unknown items only, is what it must be', () => {
  const session = recommender.session();
  assert.deepEqual(session.getPersonalizedRanking({ inputList: [] }).personalizedRanking, []);
  const { personalizedRanking } = session.getPersonalizedRanking({ inputList: ['x', 'y'] });
  assert.deepEqual(personalizedRanking, [{ itemId: 'x' }, { itemId: 'y' }]);
});

test('a ranking returns metadata on request, and refuses lists that are none', () => {
  const session = recommender.session();
  const metadataColumns = { ITEMS: ['TITLE'] };
  const { personalizedRanking } = session.getPersonalizedRanking({
    inputList: ['x', 'b1'],
    metadataColumns,
  });
  assert.equal(personalizedRanking[0].metadata.TITLE, 'Bravo 1');
  assert.deepEqual(personalizedRanking[1], { itemId: 'x' });
  for (const inputList of [undefined, 'a1', { length: 1 }]) {
    assert.throws(
      () => session.getPersonalizedRanking({ inputList }),
      errorOf('INVALID_ARGUMENT', /^inputList/),
    );
  }
  const bad = () => session.getPersonalizedRanking({ inputList: ['a1', 7] });
  assert.throws(bad, errorOf('INVALID_ARGUMENT', /^inputList\[1\]: 7/));
});

test('a list larger than any page is ranked while memory grows under it', () => {
  const session = recommender.session();
  const inputList = Array.from({ length: 200_000 }, (_, i) => `new ${i}`);
  const { personalizedRanking } = session.getPersonalizedRanking({
    inputList: [...inputList, 'a1', 'b1'],
  });
  assert.deepEqual(
    personalizedRanking
      .slice(0, 2)
      .map(({ itemId }) => itemId)
      .sort(),
    ['a1', 'b1'],
  );
  assert.equal(personalizedRanking.length, 200_002);
});

/** Ids that a ranking keeps. */
function kept(options, inputList = ['a1', 'b1', 'a2', 'new', 'b2', 'old']) {
  const session = recommender.session();
  session.record({ itemId: 'a1', timestamp: 1_700_000_000 });
  session.record({ itemId: 'old', timestamp: 1_700_000_000 });
  const { personalizedRanking } = session.getPersonalizedRanking({ inputList, ...options });
  session.dispose();
  return personalizedRanking.map(({ itemId }) => itemId);
}

test('a filter leaves out of a ranking what it does not let pass, known or not', () => {
  assert.deepEqual(kept({ filter: kExcludeSeen }).sort(), ['a2', 'b1', 'b2', 'new']);
  assert.deepEqual(kept({ filter: 'INCLUDE ItemID WHERE Items.ITEM_ID IN ("b1", "new")' }), ['b1', 'new']);
  assert.deepEqual(
    kept({ filter: 'EXCLUDE ItemID WHERE Items.ITEM_ID IN ($ids)', filterValues: { ids: ['new', 'a1'] } }).sort(),
    ['a2', 'b1', 'b2', 'old'],
  );
  assert.deepEqual(kept({ filter: 'INCLUDE ItemID WHERE Items.PRICE >= 0' }, ['new']), []);
});

test('a filtered ranking has the order of all that pass, and their scores sum to 1', () => {
  const session = recommender.session();
  session.record({ itemId: 'b1' });
  const ids = [...recommender.itemIds()];
  const filter = 'EXCLUDE ItemID WHERE Items.ITEM_ID IN ("a1", "b2", "b1")';
  const { personalizedRanking: some } = session.getPersonalizedRanking({ inputList: ids, filter });
  const { personalizedRanking: all } = session.getPersonalizedRanking({ inputList: ids });
  const left = all.filter(({ itemId }) => !['a1', 'b2', 'b1'].includes(itemId));
  assert.deepEqual(some.map(({ itemId }) => itemId), left.map(({ itemId }) => itemId));
  const sum = some.reduce((total, { score }) => total + score, 0);
  assert.ok(Math.abs(sum - 1) < 1e-6, `${sum}`);
});

test('the time of a ranking is the one that its filter goes by', () => {
  const filter = 'EXCLUDE ItemID WHERE Interactions.TIMESTAMP > now() - 1d';
  assert.ok(!kept({ filter, timestamp: 1_700_000_100 }).includes('a1'));
  assert.ok(kept({ filter, timestamp: 1_700_000_000 + 2 * 86_400 }).includes('a1'));
});

test('a filter of a ranking that is none, or that the bundle has no name for, is refused', () => {
  assert.throws(() => kept({ filter: 'EXCLUDE what' }), errorOf('INVALID_FILTER'));
  assert.throws(() => kept({ filter: 'unheard-of' }), errorOf('NOT_FOUND'));
});
