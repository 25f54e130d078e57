// How well the shop's bundle does, and one visitor, computed under Node: the lists before and after three clicks.
// Usage: node visit.mjs DIST_FOLDER MODELS_FOLDER
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, models] = process.argv.slice(2);
if (!dist || !models) {
  console.error('visit.mjs takes two folders: node visit.mjs js/dist build/shop/models');
  process.exit(2);
}
const { load } = await import(pathToFileURL(resolve(dist, 'node.js')).href);
const recommender = await load(join(models, 'user-personalization.attune'));
const session = recommender.session();

const { metrics } = JSON.parse(readFileSync(join(models, 'user-personalization.json'), 'utf8'));
const { value, popularity } = metrics.normalized_discounted_cumulative_gain_at_10;
console.log(`NDCG@10 of the customers' last events: ${value.toFixed(3)}; what is popular alone ${popularity.toFixed(3)}`);

const kColumns = { ITEMS: ['TITLE', 'CATEGORY_L2', 'PRICE'] };
function list(heading) {
  const { itemList } = session.getRecommendations({
    numResults: 5, filter: 'for-you', filterValues: { stock: 1, max: 1000 }, metadataColumns: kColumns,
  });
  console.log(`\n${heading}`);
  for (const { metadata } of itemList) console.log(`  ${metadata.TITLE}, ${metadata.PRICE}  [${metadata.CATEGORY_L2}]`);
}

list('For somebody of whom nothing is known:');
const boots = [...recommender.itemIds()].filter((id) => recommender.item(id, ['CATEGORY_L2']).metadata.CATEGORY_L2 === 'boots');
for (const itemId of boots.slice(0, 3)) session.record({ itemId, eventType: 'View' });
list('After a look at three pairs of boots:');
recommender.dispose();
