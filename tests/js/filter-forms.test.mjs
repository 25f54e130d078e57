// Every form of Personalize's filters of items, through the wasm module: what passes is told beside
// each by a plain predicate. (tests/trainer/eval/documented_filters.cpp does it for all the filters
// that Personalize's documentation shows, natively.)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, idsOf, kGroups } from './fixtures.mjs';

/** The items of the bundle as plain rows; see fixtures.mjs. */
const kRows = [
  ...kGroups.a.map((id, i) => ({ id, genres: ['drama', 'comedy'], year: 1990 + i, price: 4.1 + i })),
  ...kGroups.b.map((id, i) => ({ id, genres: ['war'], year: 2000 + i, price: 0.5 })),
  ...kGroups.nasty.map((id) => ({ id, genres: [], year: NaN, price: NaN })),
];

/** Who asks: events as [item, type] and attributes. */
const kUsers = [
  { events: [], attributes: {} },
  { events: [['a1', 'Click'], ['a2', 'watch'], ['b1', 'PURCHASE'], ["it's", 'click']], attributes: { AGE: 30 } },
  { events: [['b2', 'click'], ['b2', 'purchase'], ['a6', 'watch'], ['gone', 'click']], attributes: { AGE: 20 } },
];

const did = (user, row, ...types) => user.events.some(([id, type]) =>
  id === row.id && (types.length === 0 || types.includes(type.toLowerCase())));
const isOf = (row, ...genres) => row.genres.some((genre) => genres.includes(genre));

/** [expression, predicate, values of its placeholders for one request each]. */
const kForms = [
  ['INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")', ({ user, row }) => did(user, row, 'click')],
  ["exclude itemId where INTERACTIONS.event_type in ('Click','Watch')",
    ({ user, row }) => !did(user, row, 'click', 'watch')],
  ['EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = "click"', ({ user, row }) => !did(user, row, 'click')],
  ['INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', ({ user, row }) => did(user, row)],
  ['EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)',
    ({ user, row, values }) => !(values.TYPES && did(user, row, ...values.TYPES)),
    [{}, { TYPES: ['purchase'] }, { TYPES: ['watch', 'click'] }]],
  ['INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)',
    ({ row, values }) => isOf(row, ...values.GENRES), [{ GENRES: ['war'] }, { GENRES: ['comedy', 'none'] }]],
  ['EXCLUDE ItemID WHERE item.genres IN ("drama") AND Items.YEAR NOT IN (1991, 1992)',
    ({ row }) => !(isOf(row, 'drama') && row.year !== 1991 && row.year !== 1992)],
  ['INCLUDE ItemID WHERE Items.YEAR >= 1992 AND Items.YEAR < 2003',
    ({ row }) => row.year >= 1992 && row.year < 2003],
  ['INCLUDE ItemID WHERE Items.PRICE <= ($MOST)', ({ row, values }) => row.price <= values.MOST,
    [{ MOST: 5.1 }, { MOST: 0.4 }]],
  ['INCLUDE ItemID WHERE Items.PRICE != 0.5', ({ row }) => row.price !== 0.5],
  ['EXCLUDE ItemID WHERE Items.YEAR = 1990 OR Items.GENRES IN ("war")',
    ({ row }) => !(row.year === 1990 || isOf(row, 'war'))],
  ['EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase") | INCLUDE ItemID WHERE Items.GENRES IN ("war")',
    ({ user, row }) => isOf(row, 'war') && !did(user, row, 'purchase')],
  ['EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click") | EXCLUDE ItemID WHERE Items.GENRES IN ("war")',
    ({ user, row }) => !isOf(row, 'war') && !did(user, row, 'click')],
  ['INCLUDE ItemID WHERE Items.GENRES IN ("comedy") IF CURRENTUSER.AGE > 20',
    ({ user, row }) => !(user.attributes.AGE > 20) || isOf(row, 'comedy')],
  ['EXCLUDE ItemID WHERE Items.GENRES IN ($GENRES) IF CurrentUser.AGE = $AGE',
    ({ user, row, values }) => !('AGE' in values && user.attributes.AGE === values.AGE &&
      isOf(row, ...(values.GENRES ?? []))),
    [{ GENRES: ['war'], AGE: 20 }, { GENRES: ['war'] }, { AGE: 30 }, { GENRES: ['drama'], AGE: 30 }]],
];

/** The same for requests for related items. */
const kRelatedForms = [
  ['INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES',
    (row, current) => row.price < current.price && isOf(row, ...current.genres)],
  ['INCLUDE ItemID WHERE ITEMS.GENRES IN CurrentItem.GENRES',
    (row, current) => isOf(row, ...current.genres)],
];

let recommender;
before(async () => { recommender = await load(bundles.sims); });
after(() => recommender.dispose());

function checkBothHappen(passed, asked, filter) {
  assert.ok(passed > 0 && passed < asked, `${filter}: ${passed} of ${asked} pass`);
}

for (const [filter, passes, requests = [{}]] of kForms) {
  test(`${filter} means the same in wasm`, () => {
    let passed = 0;
    for (const user of kUsers) {
      const session = recommender.session();
      session.setAttributes(user.attributes);
      user.events.forEach(([itemId, eventType], i) => session.record({ itemId, eventType, timestamp: i }));
      for (const values of requests) {
        const list = session.getRecommendations({ numResults: 100, filter, filterValues: values });
        const expected = kRows.filter((row) => passes({ user, row, values })).map(({ id }) => id);
        assert.deepEqual(idsOf(list).sort(), expected.sort());
        passed += expected.length;
      }
    }
    checkBothHappen(passed, kUsers.length * requests.length * kRows.length, filter);
  });
}

for (const [filter, passes] of kRelatedForms) {
  test(`${filter} means the same in wasm`, () => {
    let passed = 0;
    for (const current of kRows) {
      const list = recommender.similarItems(current.id, { numResults: 100, filter });
      const expected = kRows.filter((row) => row !== current && passes(row, current)).map(({ id }) => id);
      assert.deepEqual(idsOf(list).sort(), expected.sort());
      passed += expected.length;
    }
    checkBothHappen(passed, kRows.length * (kRows.length - 1), filter);
  });
}
