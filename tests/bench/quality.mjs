// Recommendation quality of recipes on public data, through the bundle and the runtime, scored by an
// independent tool beside a plain nearest-neighbour baseline. One JSON line a set, recipe and seed.
//
//   node tests/bench/quality.mjs [--sets ml-100k-from-4,beauty] [--recipes sims,user-personalization]
//                                [--seeds 1,2,3] [--work DIR] [--threads N] [-- TRAIN OPTIONS...]
//
// The data and the tools (prepare.py, baseline.py, score.py) lie in ../shared beside the project.
// Work that is done is kept in DIR and not done again: split, import and baseline.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = join(ROOT, 'build/native/attune');
const TOOLS = join(ROOT, '../shared/tools');

/** name: [data set, protocol, further options of prepare.py] */
const SETS = {
  'ml-100k-from-4': ['ml-100k', 'leave-one-out', '--min-value', '4'],
  'ml-100k': ['ml-100k', 'leave-one-out'],
  'ml-100k-temporal': ['ml-100k', 'temporal'],
  'ml-latest-small': ['ml-latest-small', 'leave-one-out'],
  'ml-latest-small-temporal': ['ml-latest-small', 'temporal'],
  'ml-1m': ['ml-1m', 'leave-one-out'],
  beauty: ['amazon-beauty', 'leave-one-out'],
  'online-retail': ['online-retail', 'leave-one-out'],
  'online-retail-temporal': ['online-retail', 'temporal'],
  lastfm: ['lastfm-lightgcn', 'given'],
  'personalize-sample': ['personalize-sample', 'temporal'],
  airlines: ['personalize-sample-airlines', 'temporal'],
  yoochoose: ['yoochoose1_64', 'session'],
};
const METRICS = ['hr@10', 'ndcg@10', 'hr@20', 'mrr@20', 'ndcg@25', 'mrr@25', 'coverage@10'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sets: { type: 'string', default: 'ml-100k-from-4' },
    recipes: { type: 'string', default: 'popularity-count,sims,user-personalization' },
    seeds: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    work: { type: 'string', default: join(ROOT, 'build/quality') },
  },
});

function fail(message) {
  process.stderr.write(`quality: ${message}\n`);
  process.exit(2);
}

const run = (command, args) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
const tool = (name, ...args) => run('python3', [join(TOOLS, name), ...args]);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function scored(folder, output) {
  const { metrics } = JSON.parse(tool('score.py', '--truth', join(folder, 'truth.jsonl'), '--output', output));
  return Object.fromEntries(METRICS.filter((name) => name in metrics)
    .map((name) => [name, [metrics[name].value, metrics[name].se]]));
}

/** The split, imported, with the baseline's scores beside it; its folder. */
function prepare(set) {
  const folder = join(options.work, set);
  const done = join(folder, 'baseline.json');
  if (existsSync(done)) return folder;
  mkdirSync(options.work, { recursive: true });
  const [data, protocol, ...more] = SETS[set];
  tool('prepare.py', data, folder, '--protocol', protocol, ...more);
  for (const type of ['items', 'users', 'interactions'].filter((one) => existsSync(join(folder, `${one}.csv`)))) {
    run(ATTUNE, ['import', '--store', join(folder, 'attune.db'), '--type', type,
      '--schema', join(folder, `${type}.avsc`), join(folder, `${type}.csv`)]);
  }
  tool('baseline.py', 'knn', join(folder, 'requests.jsonl'), '--output', join(folder, 'knn.jsonl'));
  writeFileSync(done, JSON.stringify(scored(folder, join(folder, 'knn.jsonl'))));
  return folder;
}

function measure(set, recipe, seed) {
  const folder = prepare(set);
  const at = (ending) => join(folder, `${recipe}-${seed}.${ending}`);
  const protocol = readJson(join(folder, 'protocol.json'));
  run(ATTUNE, ['train', '--store', join(folder, 'attune.db'), '--recipe', recipe, '--seed', seed,
    '--validation', 'none', '--threads', options.threads, '--output', at('attune'), '--report', at('json'),
    ...positionals]);
  run(ATTUNE, ['recommend', '--bundle', at('attune'), '--store', join(folder, 'attune.db'),
    '--input', join(folder, 'requests.jsonl'), '--output', at('jsonl'),
    '--num-results', `${protocol.num_results}`, ...(protocol.filter ? ['--filter', protocol.filter] : [])]);
  const report = readJson(at('json'));
  return {
    measured: 'quality', set, protocol: protocol.protocol, recipe, seed: Number(seed),
    metrics: scored(folder, at('jsonl')), knn: readJson(join(folder, 'baseline.json')),
    choices: report.choices ?? null, seconds: report.seconds.training, megabytes: report.peakMemoryMegabytes,
    bundleBytes: report.bundle.bytes, options: positionals,
    machine: { cores: cpus().length, processor: cpus()[0].model },
  };
}

for (const needed of [ATTUNE, join(TOOLS, 'prepare.py')]) {
  if (!existsSync(needed)) fail(`not there: ${needed}`);
}
const sets = options.sets === 'all' ? Object.keys(SETS) : options.sets.split(',');
for (const set of sets) {
  if (!(set in SETS)) fail(`unknown set "${set}" (sets: ${Object.keys(SETS).join(', ')})`);
}
for (const set of sets) {
  for (const recipe of options.recipes.split(',')) {
    // What does not draw anything at random is the same with every seed.
    const seeds = ['popularity-count', 'sims'].includes(recipe) ? ['1'] : options.seeds.split(',');
    for (const seed of seeds) console.log(JSON.stringify(measure(set, recipe, seed)));
  }
}
