// What a list costs on the device: Attune's wasm as a user calls it, beside ONNX Runtime Web doing
// the scan alone (Gemm + TopK on one thread with SIMD), lap by lap in one process. One JSON line a
// measurement. Started by inference.sh, which makes what it needs.
//   node tests/bench/inference.mjs FOLDER [SIZE...]     FOLDER/SIZE.attune for each number of items
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

import { load } from '../../js/dist/node.js';

const kDimension = 64;
const kResults = 25;
const kHistory = 200;
const kSessions = 32;
const kFilmItems = 3416;
const kTurn = 25;

const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`;

/** Small repeatable random numbers, 0 to 1. */
function* randomNumbers(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}
const random = randomNumbers(1);
const below = (n) => Math.floor(random.next().value * n);

/**
 * Runs the contenders `laps` times each after a round of warm-up, taking turns of 25 laps: so all see
 * the same machine, and none has the caches that another one filled. Median, p99 and best of each.
 */
async function race(contenders, laps) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let done = -kTurn; done < laps; done += kTurn) {
    for (const [name, work] of Object.entries(contenders)) {
      for (let lap = 0; lap < kTurn; lap++) {
        const start = performance.now();
        const pending = work(lap);
        if (pending instanceof Promise) await pending;
        // The first lap of a turn finds the caches as the one before left them.
        if (done >= 0 && lap > 0) times[name].push(performance.now() - start);
      }
    }
  }
  const result = {};
  for (const [name, all] of Object.entries(times)) {
    all.sort((a, b) => a - b);
    const at = (share) => Number(all[Math.min(all.length - 1, Math.floor(share * all.length))].toFixed(4));
    result[name] = { medianMs: at(0.5), p99Ms: at(0.99), bestMs: at(0) };
  }
  return result;
}

function print(measurement, figures) {
  const node = process.version;
  console.log(JSON.stringify({ benchmark: 'inference', measurement, ...figures, node, machine }));
}

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
  print('record + getRecommendations', { items: ids.length, dimension: kDimension, history: kHistory, results: kResults, laps, ...figures });
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
  print('restore a history + first list', { items: ids.length, dimension: kDimension, history: kHistory, laps, ...figures });
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
  const vectors = Float32Array.from({ length: items * kDimension }, () => random.next().value - 0.5);
  const model = scanModel(vectors, items, kDimension, kResults);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  return async () => {
    const query = Float32Array.from({ length: kDimension }, () => random.next().value - 0.5);
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
  print('getRecommendations without a new event', {
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
