// What a filter adds to a list, in wasm as a user calls it, beside the list without one, lap by lap.
//   node tests/bench/filters.mjs BUNDLE     of bench_model_bundle, which has CATEGORY, GENRES, PRICE
import { load } from '../../js/dist/node.js';
import { below, print, race } from './race.mjs';

const kLaps = 500;
const recommender = await load(process.argv[2]);
const ids = [...recommender.itemIds()];
const session = recommender.session();
for (let i = 0; i < 200; i++) session.record({ itemId: ids[below(ids.length)], timestamp: i });
const few = Array.from({ length: 30 }, () => ids[below(ids.length)]);

const kFilters = {
  unfiltered: undefined,
  categoryAndPrice: 'INCLUDE ItemID WHERE Items.CATEGORY IN ("value 3", "value 7") AND Items.PRICE < 50',
  severalValuesAndPrice: 'INCLUDE ItemID WHERE Items.GENRES IN ("value 3", "value 7") AND Items.PRICE < 50',
  thirtyByColumns: 'INCLUDE ItemID WHERE Items.CATEGORY = "value 3" AND Items.GENRES = "value 7" AND Items.PRICE < 5',
  nothingSeen: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
  onlySeen: 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
  thirtyItems: 'INCLUDE ItemID WHERE Items.ITEM_ID IN ($few)',
};

const contenders = {};
for (const [name, filter] of Object.entries(kFilters)) {
  contenders[name] = () => {
    const filterValues = name === 'thirtyItems' ? { few } : undefined;
    const { itemList } = session.getRecommendations({ numResults: 25, filter, filterValues });
    if (itemList.length !== 25) throw new Error(`${name}: ${itemList.length} results`);
  };
}
const figures = await race(contenders, kLaps);
print('filters', 'getRecommendations(25)', { items: ids.length, laps: kLaps, ...figures });

const start = performance.now();
for (let i = 0; i < 1000; i++) {
  const filter = `INCLUDE ItemID WHERE Items.GENRES IN ("value ${i}") AND Items.PRICE < 50 IF CurrentUser.AGE > 3`;
  recommender.checkFilter(filter);
}
print('filters', 'compile', { expressions: 1000, meanMs: (performance.now() - start) / 1000 });
recommender.dispose();
