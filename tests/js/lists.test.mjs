import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf } from './fixtures.mjs';

let recommender;

before(async () => {
  recommender = await load(bundles.sims);
});

after(() => recommender.dispose());

test('numResults is the most items one gets, and 0 is none', () => {
  const session = recommender.session();
  assert.deepEqual(session.getRecommendations({ numResults: 0 }).itemList, []);
  assert.equal(session.getRecommendations({ numResults: 1 }).itemList.length, 1);
  assert.equal(session.getRecommendations().itemList.length, 25);
  assert.equal(
    session.getRecommendations({ numResults: 4e9 }).itemList.length,
    recommender.itemCount,
  );
  for (const numResults of [-1, 1.5, NaN, '5', null, 2 ** 32]) {
    assert.throws(
      () => session.getRecommendations({ numResults }),
      errorOf('INVALID_ARGUMENT', /^numResults/),
    );
  }
});

test('every list has an id of its own in the form of Amazon Personalize', () => {
  const session = recommender.session();
  const ids = Array.from(
    { length: 1000 },
    () => session.getRecommendations({ numResults: 1 }).recommendationId,
  );
  assert.equal(new Set(ids).size, 1000);
  for (const id of ids)
    assert.match(id, /^RID-[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test('options that do not exist are refused with what was meant', () => {
  const session = recommender.session();
  const call = (options) => () => session.getRecommendations(options);
  assert.throws(
    call({ numresults: 5 }),
    errorOf('INVALID_ARGUMENT', /did you mean "numResults"\?/),
  );
  assert.throws(
    call({ filterArn: 'x' }),
    errorOf('INVALID_ARGUMENT', /unknown option "filterArn"/),
  );
  assert.throws(call(5), errorOf('INVALID_ARGUMENT'));
  assert.throws(() => recommender.session({ user: 'u' }), errorOf('INVALID_ARGUMENT', /"user"/));
  assert.throws(
    () => session.getPersonalizedRanking({ inputlist: [] }),
    errorOf('INVALID_ARGUMENT', /"inputList"/),
  );
});

test('a filter looks at the events, and is compiled once for all its uses', () => {
  const session = recommender.session();
  session.record({ itemId: 'a1', eventType: 'watch' });
  session.record({ itemId: 'a2', eventType: 'purchase' });
  const list = (filter) => idsOf(session.getRecommendations({ numResults: 31, filter }));
  assert.ok(!list('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")').includes('a1'));
  assert.ok(list('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")').includes('a2'));
  assert.deepEqual(list('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")'), ['a2']);
});

test('hundreds of different filters work, in any order', () => {
  const session = recommender.session();
  session.record({ itemId: 'a1', eventType: 'type 7' });
  for (const round of [1, 2]) {
    for (let i = 0; i < 200; i++) {
      const filter = `INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("type ${i}")`;
      assert.equal(
        session.getRecommendations({ filter }).itemList.length,
        i === 7 ? 1 : 0,
        `round ${round}: ${i}`,
      );
    }
  }
});

test('a broken filter says what is wrong and in which column', () => {
  const session = recommender.session();
  const wrong = (filter) => {
    try {
      session.getRecommendations({ filter });
    } catch (error) {
      assert.equal(error.code, 'INVALID_FILTER');
      assert.match(error.message, new RegExp(` \\(at ${error.at}\\)$`));
      return error.at;
    }
    return assert.fail(`${filter} was accepted`);
  };
  assert.equal(wrong('EXKLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'), 1);
  assert.equal(wrong('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)'), 50);
  assert.equal(wrong('EXCLUDE Artikel WHERE Interactions.EVENT_TYPE IN ("*")'), 9);
  assert.equal(wrong(''), 1);
  assert.throws(
    () => session.getRecommendations({ filter: 5 }),
    errorOf('INVALID_ARGUMENT', /^filter: 5/),
  );
});
