// Five recommendations computed in WebAssembly under Node, as any program would get them.
// Usage: node recommend.mjs DIST_FOLDER BUNDLE [ITEM_ID...]

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TOY_STORY = '1';
const STAR_WARS = '260';
const THE_MATRIX = '2571';
const CALLS = 101;

async function main([dist, bundle, ...given]) {
  if (!dist || !bundle)
    throw new Error('usage: node recommend.mjs DIST_FOLDER BUNDLE [ITEM_ID...]');
  const { load } = await import(pathToFileURL(resolve(dist, 'node.js')).href);
  const watched = given.length > 0 ? given : [TOY_STORY, STAR_WARS, THE_MATRIX];
  const recommender = await load(bundle);
  const session = recommender.session();
  for (const itemId of watched) session.record({ eventType: 'watch', itemId });
  const { itemList } = recommend(session);
  const names = watched.map((itemId) =>
    titleOf(recommender.item(itemId, ['TITLE', 'YEAR']), itemId),
  );
  console.log(`\nComputed in WebAssembly under Node for someone who watched ${names.join(', ')}:`);
  itemList.forEach((item, i) => {
    const genres = item.metadata.GENRES ?? 'no genres';
    console.log(`  ${i + 1}. ${titleOf(item, item.itemId)}  [${genres}]`);
  });
  console.log(
    `Each such list takes ${medianMilliseconds(session).toFixed(3)} ms (median of ${CALLS}).`,
  );
  recommender.dispose();
}

function recommend(session) {
  return session.getRecommendations({
    numResults: 5,
    filter: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    metadataColumns: { ITEMS: ['TITLE', 'GENRES', 'YEAR'] },
  });
}

function medianMilliseconds(session) {
  const times = Array.from({ length: CALLS }, () => {
    const begin = performance.now();
    recommend(session);
    return performance.now() - begin;
  });
  return times.sort((a, b) => a - b)[CALLS >> 1];
}

function titleOf(item, itemId) {
  const { TITLE, YEAR } = item?.metadata ?? {};
  return `${TITLE ?? `movie ${itemId}`}${YEAR ? ` (${YEAR})` : ''}`;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`recommend: ${error.message}`);
  process.exit(2);
});
