// Every number that `attune evaluate` prints, by protocol, is what an independent scorer finds in the
// answers of `attune recommend` on the same split made by an independent tool; and SIMS is no worse
// than a plain item-to-item method. MovieLens with its items and users: 1M has no real timestamps and
// serves leave-one-out, 100K has them and serves the temporal split.
// The data and the tools lie in ../shared beside the project; without them this is skipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHARED = join(ROOT, '../shared');
const ATTUNE = join(ROOT, 'build/native/attune');
const needed = [join(SHARED, 'tools/prepare.py'), join(SHARED, 'data/ml-1m/set.json'),
  join(SHARED, 'data/ml-100k/set.json'), ATTUNE];
const missing = needed.find((path) => !existsSync(path));
const skip = missing ? `not there: ${missing}` : false;

// The scorer rounds to five places; beyond that the two must agree.
const TOLERANCE = 1e-4;
const SCORER_NAMES = {
  mean_reciprocal_rank: 'mrr', normalized_discounted_cumulative_gain: 'ndcg', precision: 'precision',
  hit_rate: 'hr', recall: 'recall',
};

/** `mean_reciprocal_rank_at_25` -> `mrr@25`; `coverage` is that of the first 25. */
function scorerName(metric) {
  if (metric === 'coverage') return 'coverage@25';
  const [, name, k] = /^(.*)_at_(\d+)$/.exec(metric);
  return `${SCORER_NAMES[name]}@${k}`;
}

describe('MovieLens: attune evaluate, an independent scorer and a baseline', { skip }, () => {
  let folder;
  const at = (...parts) => join(folder, ...parts);
  const run = (command, options) => execFileSync(command, options, {
    encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const tool = (name, ...options) => run('python3', [join(SHARED, 'tools', name), ...options]);
  const attune = (...options) => run(ATTUNE, options);
  const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

  /** A set split by an independent tool, and what it says to train on imported; its folder. */
  function prepare(set, protocol) {
    const out = at(`${set}-${protocol}`);
    tool('prepare.py', set, out, '--protocol', protocol);
    for (const type of ['items', 'users', 'interactions']) {
      attune('import', '--store', join(out, 'attune.db'), '--type', type,
        '--schema', join(out, `${type}.avsc`), join(out, `${type}.csv`));
    }
    return out;
  }

  const score = (split, output) =>
    JSON.parse(tool('score.py', '--truth', join(split, 'truth.jsonl'), '--output', output));

  /** Trains SIMS on a prepared split, answers its requests and scores the answers. */
  function trainAndScore(t, split) {
    const { filter, num_results: numResults } = readJson(join(split, 'protocol.json'));
    const [store, bundle, output, report] =
      ['attune.db', 'sims.attune', 'out.jsonl', 'report.json'].map((name) => join(split, name));
    attune('train', '--store', store, '--recipe', 'sims', '--validation', 'none', '--threads', '2',
      '--output', bundle, '--report', report);
    t.diagnostic(`SIMS training: ${readJson(report).seconds.training} s with two threads`);
    attune('recommend', '--bundle', bundle, '--store', store, '--output', output,
      '--input', join(split, 'requests.jsonl'), '--num-results', `${numResults}`, '--filter', filter);
    return score(split, output);
  }

  const evaluate = (set, protocol) => JSON.parse(attune('evaluate', '--recipe', 'sims',
    '--store', join(prepare(set, 'full'), 'attune.db'), '--protocol', protocol, '--json'));

  function compare(section, ours, theirs) {
    const metrics = Object.entries(ours);
    assert.equal(metrics.length, 14);
    for (const [name, { value, se }] of metrics) {
      const other = theirs[scorerName(name)];
      assert.ok(Math.abs(value - other.value) <= TOLERANCE, `${section} ${name}: ${value}, scorer ${other.value}`);
      assert.ok(Math.abs(se - other.se) <= TOLERANCE, `${section} ${name}: se ${se}, scorer ${other.se}`);
    }
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-quality-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('leave-one-out: all metrics agree, and SIMS is at least as good as the baseline', (t) => {
    const split = prepare('ml-1m', 'leave-one-out');
    const scored = trainAndScore(t, split);
    const report = evaluate('ml-1m', 'leave-one-out');
    assert.equal(report.cases, scored.requests);
    compare('metrics', report.metrics, scored.metrics);
    tool('baseline.py', 'knn', join(split, 'requests.jsonl'), '--output', at('knn.jsonl'));
    const baseline = score(split, at('knn.jsonl')).metrics['ndcg@10'].value;
    const sims = scored.metrics['ndcg@10'].value;
    t.diagnostic(`ndcg@10: SIMS ${sims}, item-to-item baseline ${baseline}`);
    assert.ok(sims >= baseline, `SIMS ${sims}, baseline ${baseline}`);
  });

  test('the same data and seed give the same bundle on one and on two threads, twice', () => {
    const store = join(prepare('ml-1m', 'leave-one-out'), 'attune.db');
    const shas = ['1', '2', '1', '2'].map((threads) => JSON.parse(attune('train', '--store', store, '--recipe', 'sims',
      '--threads', threads, '--output', at('m.attune'), '--json')).bundle.sha256);
    assert.deepEqual(shas, Array(4).fill(shas[0]));
  });

  test('a recurrent network holds the memory that its forecast says, and not what it had before', (t) => {
    const store = join(prepare('ml-1m', 'leave-one-out'), 'attune.db');
    const { forecast, actual } = JSON.parse(attune('train', '--store', store, '--recipe', 'hrnn', '--set', 'epochs=1',
      '--validation', 'none', '--output', at('hrnn.attune'), '--json'));
    t.diagnostic(`${actual.megabytes} MB, forecast ${forecast.megabytes}`);
    assert.ok(actual.megabytes < 1.5 * forecast.megabytes, `${actual.megabytes} MB, forecast ${forecast.megabytes}`);
  });

  test('temporal: warm users, their next item and cold users agree', (t) => {
    const scored = trainAndScore(t, prepare('ml-100k', 'temporal'));
    const report = evaluate('ml-100k', 'temporal');
    assert.equal(report.cases, scored.requests);
    for (const section of ['metrics', 'next', 'cold']) {
      compare(section, report[section], scored[section]);
    }
  });
});
