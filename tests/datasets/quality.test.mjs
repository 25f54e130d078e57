// Every number that `attune evaluate` prints, by protocol, is what an independent scorer finds in the
// answers of `attune recommend` on the same split made by an independent tool; and SIMS is no worse
// than a plain item-to-item method. MovieLens 1M with its items and users.
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
const needed = [join(SHARED, 'tools/prepare.py'), join(SHARED, 'data/ml-1m/set.json'), ATTUNE];
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

describe('MovieLens 1M: attune evaluate, an independent scorer and a baseline', { skip }, () => {
  let folder;
  const at = (...parts) => join(folder, ...parts);
  const run = (command, options) => execFileSync(command, options, {
    encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const tool = (name, ...options) => run('python3', [join(SHARED, 'tools', name), ...options]);
  const attune = (...options) => run(ATTUNE, options);
  const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

  /** The set split by an independent tool, and what it says to train on imported. */
  function prepare(protocol) {
    tool('prepare.py', 'ml-1m', at(protocol), '--protocol', protocol);
    for (const type of ['items', 'users', 'interactions']) {
      attune('import', '--store', at(`${protocol}.db`), '--type', type,
        '--schema', at(protocol, `${type}.avsc`), at(protocol, `${type}.csv`));
    }
  }

  function score(protocol, output) {
    return JSON.parse(tool('score.py', '--truth', at(protocol, 'truth.jsonl'), '--output', output));
  }

  /** Trains SIMS on a prepared split, answers its requests and scores the answers. */
  function trainAndScore(t, protocol) {
    const { filter, num_results: numResults } = readJson(at(protocol, 'protocol.json'));
    const store = at(`${protocol}.db`);
    attune('train', '--store', store, '--recipe', 'sims', '--validation', 'none', '--threads', '2',
      '--output', at('sims.attune'), '--report', at('report.json'));
    t.diagnostic(`SIMS training: ${readJson(at('report.json')).seconds.training} s with two threads`);
    attune('recommend', '--bundle', at('sims.attune'), '--store', store, '--output', at('out.jsonl'),
      '--input', at(protocol, 'requests.jsonl'), '--num-results', `${numResults}`, '--filter', filter);
    return score(protocol, at('out.jsonl'));
  }

  function compare(section, ours, theirs) {
    const metrics = Object.entries(ours);
    assert.equal(metrics.length, 14);
    for (const [name, { value, se }] of metrics) {
      const other = theirs[scorerName(name)];
      assert.ok(Math.abs(value - other.value) <= TOLERANCE, `${section} ${name}: ${value}, scorer ${other.value}`);
      assert.ok(Math.abs(se - other.se) <= TOLERANCE, `${section} ${name}: se ${se}, scorer ${other.se}`);
    }
  }

  const evaluate = (protocol) => JSON.parse(attune('evaluate', '--store', at('full.db'),
    '--recipe', 'sims', '--protocol', protocol, '--json'));

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-quality-'));
    prepare('full');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('leave-one-out: all metrics agree, and SIMS is at least as good as the baseline', (t) => {
    prepare('leave-one-out');
    const scored = trainAndScore(t, 'leave-one-out');
    const report = evaluate('leave-one-out');
    assert.equal(report.cases, scored.requests);
    compare('metrics', report.metrics, scored.metrics);
    tool('baseline.py', 'knn', at('leave-one-out/requests.jsonl'), '--output', at('knn.jsonl'));
    const baseline = score('leave-one-out', at('knn.jsonl')).metrics['ndcg@10'].value;
    const sims = scored.metrics['ndcg@10'].value;
    t.diagnostic(`ndcg@10: SIMS ${sims}, item-to-item baseline ${baseline}`);
    assert.ok(sims >= baseline, `SIMS ${sims}, baseline ${baseline}`);
  });

  test('temporal: warm users, their next item and cold users agree', (t) => {
    const protocols = readJson(join(SHARED, 'data/ml-1m/set.json')).protocols;
    if (!protocols.includes('temporal')) return t.skip('this set has no temporal protocol');
    prepare('temporal');
    const scored = trainAndScore(t, 'temporal');
    const report = evaluate('temporal');
    assert.equal(report.cases, scored.requests);
    for (const section of ['metrics', 'next', 'cold']) {
      assert.equal(section in report, section in scored, section);
      if (section in report) compare(section, report[section], scored[section]);
    }
  });
});
