// How long a fresh Node process takes to import the package, from load() to the first recommendation, and from
// its own start on. Prints one JSON line with the medians over 20 processes, in milliseconds.
//   node tests/bench/web-start.mjs BUNDLE [PROCESSES]
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { basename } from 'node:path';

const entry = new URL('../../js/dist/node.js', import.meta.url).href;
const [bundle, processes = '20'] = process.argv.slice(2);
if (!bundle || !(Number(processes) >= 1)) {
  console.error('usage: node tests/bench/web-start.mjs BUNDLE [PROCESSES]');
  process.exit(2);
}

const kProgram = `
  const begun = performance.now();
  const { load } = await import(${JSON.stringify(entry)});
  const start = performance.now();
  const recommender = await load(${JSON.stringify(bundle)});
  const loaded = performance.now();
  const session = recommender.session();
  const [itemId] = recommender.itemIds();
  session.record({ itemId });
  const { itemList } = session.getRecommendations({ numResults: 10 });
  const done = performance.now();
  if (itemList.length === 0) throw new Error('no recommendation');
  console.log(JSON.stringify({ importMs: start - begun, loadMs: loaded - start, firstMs: done - start, allMs: done - begun, processMs: done }));
`;

/** One fresh process; processMs counts from the start of that process. */
function measure() {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', kProgram], {
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const runs = Array.from({ length: Number(processes) }, measure);
const of = (name) => Number(median(runs.map((run) => run[name])).toFixed(2));
console.log(
  JSON.stringify({
    benchmark: 'web-start',
    bundle: basename(bundle),
    bundleBytes: statSync(bundle).size,
    processes: runs.length,
    importMs: of('importMs'),
    loadMs: of('loadMs'),
    loadToFirstRecommendationMs: of('firstMs'),
    maxMs: Number(Math.max(...runs.map(({ firstMs }) => firstMs)).toFixed(2)),
    importToFirstRecommendationMs: of('allMs'),
    processToFirstRecommendationMs: of('processMs'),
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
  }),
);
