// What a list costs on the device: Attune's wasm as a user calls it, beside ONNX Runtime Web doing
// the scan alone (Gemm + TopK on one thread with SIMD), lap by lap in one process. One JSON line a
// measurement. Started by inference.sh, which makes what it needs.
//   node tests/bench/inference.mjs FOLDER [SIZE...]     FOLDER/SIZE.attune for each number of items
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { load } from '../../js/dist/node.js';
import { below, print, race, uniform } from './race.mjs';

const kDimension = 64;
const kResults = 25;
const kHistory = 200;
const kSessions = 32;
const kFilmItems = 3416;

/** A session of random events. */
function sessionOf(recommender, ids, events) {
  const session = recommender.session();
  for (let i = 0; i < events; i++) session.record({ itemId: ids[below(ids.length)], timestamp: i });
  return session;
}

const residentMegabytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20);

async function oneEvent(file) {
  const recommender = await load(file);
  const ids = [...recommender.itemIds()];
  const session = sessionOf(recommender, ids, 2 * kHistory);
  const laps = 3000;
  let clock = 1e6;  // an event a second: what is said twice within one counts once
  const figures = await race({
    attune: () => {
      session.record({ itemId: ids[below(ids.length)], timestamp: clock++ });
      if (session.getRecommendations({ numResults: kResults }).itemList.length !== kResults)
        throw new Error('a short list');
    },
  }, laps);
  print('inference', 'record + getRecommendations', { items: ids.length, dimension: kDimension, history: kHistory, results: kResults, laps, ...figures });
  recommender.dispose();
}

async function wholeHistory(file) {
  const recommender = await load(file);
  const ids = [...recommender.itemIds()];
  const saved = sessionOf(recommender, ids, kHistory).save();
  const laps = 200;
  const figures = await race({
    attune: () => {
      const session = recommender.session();
      session.restore(saved);
      session.getRecommendations({ numResults: kResults });
      session.dispose();
    },
  }, laps);
  print('inference', 'restore a history + first list', { items: ids.length, dimension: kDimension, history: kHistory, laps, ...figures });
  recommender.dispose();
}

/** ONNX Runtime Web's scan over random vectors; undefined when it is not installed. */
async function onnxScan(items) {
  let ort;
  try {
    ort = await import('onnxruntime-web');
  } catch {
    return undefined;
  }
  const { scanModel } = await import('./onnx.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.simd = true;
  const vectors = Float32Array.from({ length: items * kDimension }, () => uniform() - 0.5);
  const model = scanModel(vectors, items, kDimension, kResults);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  return async () => {
    const query = Float32Array.from({ length: kDimension }, () => uniform() - 0.5);
    const { scores, items: best } = await session.run({ query: new ort.Tensor('float32', query, [1, kDimension]) });
    if (scores.data.length !== kResults || best.data.length !== kResults) throw new Error('a short list');
  };
}

async function scan(file, items) {
  const before = residentMegabytes();
  const recommender = await load(readFileSync(file));
  const ids = [...recommender.itemIds()];
  const sessions = Array.from({ length: kSessions }, () => sessionOf(recommender, ids, 10));
  const attuneMegabytes = residentMegabytes() - before;
  const attune = (lap) => {
    const { itemList } = sessions[lap % kSessions].getRecommendations({ numResults: kResults });
    if (itemList.length !== kResults) throw new Error('a short list');
  };
  const onnxruntimeWeb = await onnxScan(items);
  const onnxMegabytes = residentMegabytes() - before - attuneMegabytes;
  const laps = items > 500_000 ? 200 : 1000;
  const contenders = onnxruntimeWeb ? { attune, onnxruntimeWeb } : { attune };
  const figures = await race(contenders, laps);
  print('inference', 'getRecommendations without a new event', {
    items, dimension: kDimension, results: kResults, laps, attuneMegabytes,
    ...(onnxruntimeWeb ? { onnxMegabytes } : {}), ...figures,
  });
  recommender.dispose();
}

const [folder, ...sizes] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node tests/bench/inference.mjs FOLDER [SIZE...]');
  process.exit(2);
}
const fileOf = (items) => join(folder, `${items}.attune`);
for (const items of sizes.length > 0 ? sizes.map(Number) : [kFilmItems, 100_000, 1_000_000]) {
  if (items === kFilmItems) {
    await oneEvent(fileOf(items));
    await wholeHistory(fileOf(items));
  }
  await scan(fileOf(items), items);
}
