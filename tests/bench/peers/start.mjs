// A program as a user's: imports the package, loads a bundle and makes a list. Prints when it had done what.
//   node tests/bench/peers/start.mjs ENTRY BUNDLE
const [, , entry, bundle] = process.argv;
const begun = performance.now();
const { load } = await import(entry);
const start = performance.now();
const recommender = await load(bundle);
const loaded = performance.now();
const session = recommender.session();
const [itemId] = recommender.itemIds();
session.record({ itemId });
const { itemList } = session.getRecommendations({ numResults: 10 });
const done = performance.now();
if (itemList.length === 0) throw new Error('no recommendation');
console.log(JSON.stringify({ importMs: start - begun, loadMs: loaded - start, firstMs: done - start, allMs: done - begun, processMs: done }));
