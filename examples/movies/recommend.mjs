// Five recommendations computed in WebAssembly under Node, as any program would get them.
// Usage: node recommend.mjs DIST_FOLDER BUNDLE [ITEM_ID...]

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TOY_STORY = '1';
const STAR_WARS = '260';
const THE_MATRIX = '2571';

async function main([dist, bundle, ...given]) {
  if (!dist || !bundle)
    throw new Error('usage: node recommend.mjs DIST_FOLDER BUNDLE [ITEM_ID...]');
  const { load } = await import(pathToFileURL(resolve(dist, 'node.js')).href);
  const watched = given.length > 0 ? given : [TOY_STORY, STAR_WARS, THE_MATRIX];
  const recommender = await load(bundle);
  const session = recommender.session();
  for (const itemId of watched) session.record({ eventType: 'watch', itemId });
  const { itemList, milliseconds } = recommend(session);
  const names = watched.map((itemId) =>
    titleOf(recommender.item(itemId, ['TITLE', 'YEAR']), itemId),
  );
  console.log(
    `\nFor someone who watched ${names.join(', ')} (WebAssembly in Node, ${milliseconds.toFixed(2)} ms):`,
  );
  itemList.forEach((item, i) => {
    console.log(
      `  ${i + 1}. ${titleOf(item, item.itemId)}  [${item.metadata.GENRES ?? 'no genres'}]`,
    );
  });
  recommender.dispose();
}

function recommend(session) {
  const begin = performance.now();
  const { itemList } = session.getRecommendations({
    numResults: 5,
    filter: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    metadataColumns: { ITEMS: ['TITLE', 'GENRES', 'YEAR'] },
  });
  return { itemList, milliseconds: performance.now() - begin };
}

function titleOf(item, itemId) {
  const { TITLE, YEAR } = item?.metadata ?? {};
  return `${TITLE ?? `movie ${itemId}`}${YEAR ? ` (${YEAR})` : ''}`;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`recommend: ${error.message}`);
  process.exit(2);
});
