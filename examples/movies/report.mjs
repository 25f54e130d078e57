// Prints what training reported: the metrics of both recipes beside plain popularity, the time it
// took and the sizes of the bundles. Usage: node report.mjs MODELS_FOLDER

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const RECIPES = ['sims', 'popularity-count'];
const NAME_WIDTH = 46;
const COLUMN_WIDTH = 20;

function readReport(folder, recipe) {
  const path = join(folder, `${recipe}.json`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path}: ${cause.message}`, { cause });
  }
}

function printMetrics(reports) {
  const names = Object.keys(reports[0].metrics ?? {});
  if (names.length === 0) throw new Error('the report holds no metrics');
  const baseline = reports[0].popularity ?? {};
  printRow(`metric (${reports[0].validation ?? 'held out'})`, [...RECIPES, 'popularity']);
  for (const name of names) {
    const cells = reports.map(({ metrics }) => estimate(metrics[name]));
    printRow(name, [...cells, estimate(baseline[name])]);
  }
}

/** A metric is a number, or a value with its standard error. */
function estimate(metric) {
  const { value, se } = typeof metric === 'object' && metric !== null ? metric : { value: metric };
  if (!Number.isFinite(value)) return '-';
  return Number.isFinite(se) ? `${value.toFixed(4)} ± ${se.toFixed(4)}` : value.toFixed(4);
}

function printCosts(folder, reports) {
  const seconds = reports.map((report) => String(report.seconds?.training ?? '-'));
  const bundles = RECIPES.map((recipe) => readFileSync(join(folder, `${recipe}.attune`)));
  const packed = bundles.map((bundle) => gzipSync(bundle, { level: 9 }));
  console.log();
  printRow('', RECIPES);
  printRow('training, seconds', seconds);
  printRow('bundle, bytes', bundles.map(bytes));
  printRow('bundle, bytes with gzip', packed.map(bytes));
}

function bytes({ length }) {
  return length.toLocaleString('en');
}

function printRow(name, cells) {
  console.log(name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join(''));
}

function main([folder]) {
  if (!folder) throw new Error('usage: node report.mjs MODELS_FOLDER');
  const reports = RECIPES.map((recipe) => readReport(folder, recipe));
  printMetrics(reports);
  printCosts(folder, reports);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`report: ${error.message}`);
  process.exit(2);
}
