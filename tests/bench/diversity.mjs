// What diversity costs and gives: NDCG@10 of the held-out items and the lists' intra-list similarity
// (mean over all pairs; Ziegler et al. 2005) by strength, through the package. One JSON line a strength.
//
//   node tests/bench/diversity.mjs BUNDLE SPLIT [--users 2000] [--strengths 0,0.1,0.2]
//
// SPLIT is a folder of quality.mjs (leave-one-out): interactions.csv and truth.jsonl.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { load } from '../../js/dist/node.js';

const kSeen = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';
const { values: options, positionals: [bundle, split] } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '2000' },
    strengths: { type: 'string', default: '0,0.1,0.2,0.3,0.4,0.5,0.6,0.8,1' },
  },
});
const recommender = await load(bundle);
/** Rows of a CSV file as objects; fields in quotes may hold commas, but no line ends. */
function readCsv(name) {
  const [head, ...rows] = readFileSync(join(split, name), 'utf8').trim().split('\n')
    .map((line) => [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/gu)]
      .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain));
  return rows.map((row) => Object.fromEntries(head.map((column, i) => [column, row[i]])));
}
const histories = new Map();
for (const { USER_ID: user, ITEM_ID: itemId, TIMESTAMP } of readCsv('interactions.csv')) {
  if (!histories.has(user)) histories.set(user, []);
  histories.get(user).push({ itemId, timestamp: Number(TIMESTAMP) });
}
const attributes = new Map();
if (existsSync(join(split, 'users.csv'))) {
  const wanted = recommender.userColumns.map(({ name }) => name);
  for (const row of readCsv('users.csv'))
    attributes.set(row.USER_ID, Object.fromEntries(wanted.map((name) => [name, row[name]])));
}
const truth = readFileSync(join(split, 'truth.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const genres = new Map([...recommender.itemIds()].map((id) => [
  id, new Set((recommender.item(id, recommender.columns.filter(({ type }) => type === 'categorical')
    .map(({ name }) => name)).metadata.GENRES ?? '').split('|').filter(Boolean)),
]));
/** Share of genres that two items have in common. */
const jaccard = (a, b) => {
  const [x, y] = [genres.get(a), genres.get(b)];
  const both = [...x].filter((one) => y.has(one)).length;
  return x.size + y.size === 0 ? 0 : both / (x.size + y.size - both);
};
/** Cosine of the items' vectors, as similarItems scores it; of one item's list at a time. */
const numbers = new Map([...recommender.itemIds()].map((id, number) => [id, number]));
const near = new Map(); // item id -> (items)
const cosine = (a, b) => {
  if (!near.has(a)) {
    const row = new Float32Array(numbers.size);
    const { itemList } = recommender.similarItems(a, { numResults: recommender.itemCount });
    for (const { itemId, score } of itemList) row[numbers.get(itemId)] = score;
    near.set(a, row);
  }
  return near.get(a)[numbers.get(b)];
};
const pairs = (ids, similarity) => {
  let sum = 0;
  for (let i = 0; i < ids.length; i++) for (let j = 0; j < i; j++) sum += similarity(ids[i], ids[j]);
  return sum / ((ids.length * (ids.length - 1)) / 2);
};
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

const every = Math.ceil(truth.length / Number(options.users));
const sessions = truth.filter((_, i) => i % every === 0).map(({ userId, items: [wanted] }) => {
  const session = recommender.session({ attributes: attributes.get(userId) });
  for (const event of histories.get(userId) ?? []) session.record(event);
  return { session, wanted };
});
for (const diversity of options.strengths.split(',').map(Number)) {
  const gains = [], vectors = [], shared = [];
  for (const { session, wanted } of sessions) {
    const { itemList } = session.getRecommendations({ numResults: 10, filter: kSeen, diversity });
    const ids = itemList.map(({ itemId }) => itemId);
    const rank = ids.indexOf(wanted);
    gains.push(rank < 0 ? 0 : 1 / Math.log2(rank + 2));
    shared.push(pairs(ids, jaccard));
    vectors.push(pairs(ids, cosine));
  }
  console.log(JSON.stringify({
    measured: 'diversity', strength: diversity, users: sessions.length, ndcgAt10: mean(gains),
    intraListCosine: mean(vectors), intraListGenres: mean(shared),
  }));
}
