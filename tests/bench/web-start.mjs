// How long a fresh Node process takes to import the package, from load() to the first recommendation, and from
// its own start on. Prints one JSON line with the medians over 20 processes, in milliseconds.
//   node tests/bench/web-start.mjs BUNDLE [PROCESSES]
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = process.env.ATTUNE_ENTRY ?? new URL('../../js/dist/node.js', import.meta.url).href;
const program = fileURLToPath(new URL('peers/start.mjs', import.meta.url));
const [bundle, processes = '20'] = process.argv.slice(2);
if (!bundle || !(Number(processes) >= 1)) {
  console.error('usage: node tests/bench/web-start.mjs BUNDLE [PROCESSES]');
  process.exit(2);
}

/** One fresh process; processMs counts from the start of that process. */
function measure() {
  return JSON.parse(execFileSync(process.execPath, [program, entry, bundle], { encoding: 'utf8' }));
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
