// SIMS on MovieLens 1M, from the command line: as good as a plain item-to-item method, and what
// `attune evaluate` reports is what an independent scorer finds in the answers of `attune recommend`.
// The data and the scorer lie in ../shared beside the project; without them this is skipped.
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
const missing = [join(SHARED, 'tools/prepare.py'), join(SHARED, 'data/ml-1m'), ATTUNE]
  .find((path) => !existsSync(path));
const skip = missing ? `not there: ${missing}` : false;

// The item-to-item baseline of the same tools on the same files scores this; it takes minutes.
const BASELINE_NDCG_AT_10 = 0.07465;
// 1 s is the aim on an idle machine with two cores; tests share theirs.
const TRAINING_SECONDS = 3;

describe('SIMS on MovieLens 1M, leave-one-out', { skip }, () => {
  let folder;
  let scored;

  const python = (tool, ...options) => execFileSync('python3', [join(SHARED, 'tools', tool), ...options], {
    encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const attune = (...options) => execFileSync(ATTUNE, options, {
    encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const at = (...parts) => join(folder, ...parts);

  /** The data set prepared by one protocol, and its interactions imported. */
  function prepare(protocol) {
    python('prepare.py', 'ml-1m', at(protocol), '--protocol', protocol);
    attune('import', '--store', at(`${protocol}.db`), '--type', 'interactions',
      '--schema', at(protocol, 'interactions.avsc'), at(protocol, 'interactions.csv'));
  }

  function train(name, threads) {
    attune('train', '--store', at('leave-one-out.db'), '--recipe', 'sims', '--threads', threads,
      '--validation', 'none', '--output', at(name), '--report', at(`${name}.json`));
    return JSON.parse(readFileSync(at(`${name}.json`), 'utf8'));
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-ml-1m-'));
    prepare('leave-one-out');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('the same data and seed give the same bundle on one and on two threads', (t) => {
    const one = train('one.attune', '1');
    const two = train('two.attune', '2');
    const again = train('again.attune', '2');
    assert.equal(one.bundle.sha256, two.bundle.sha256);
    assert.equal(two.bundle.sha256, again.bundle.sha256);
    const seconds = Math.min(two.seconds.training, again.seconds.training);
    t.diagnostic(`SIMS trained in ${seconds} s on two threads`);
    assert.ok(seconds <= TRAINING_SECONDS, `training took ${seconds} s`);
  });

  test('what it recommends scores at least as well as the item-to-item baseline', (t) => {
    const protocol = JSON.parse(readFileSync(at('leave-one-out/protocol.json'), 'utf8'));
    attune('recommend', '--bundle', at('two.attune'), '--store', at('leave-one-out.db'),
      '--input', at('leave-one-out/requests.jsonl'), '--output', at('out.jsonl'),
      '--num-results', String(protocol.num_results), '--filter', protocol.filter);
    scored = JSON.parse(python('score.py', '--truth', at('leave-one-out/truth.jsonl'), '--output', at('out.jsonl')));
    t.diagnostic(`ndcg@10 ${scored.metrics['ndcg@10'].value}, hit rate@10 ${scored.metrics['hr@10'].value}`);
    assert.equal(scored.answered, protocol.counts.requests);
    for (const fault of ['errors', 'duplicate', 'unknown', 'unreadable', 'seen_removed', 'repeated']) {
      assert.equal(scored[fault], 0, fault);
    }
    assert.ok(scored.metrics['ndcg@10'].value >= BASELINE_NDCG_AT_10);
  });

  test('attune evaluate reports what the scorer finds, to 0.0001', () => {
    assert.ok(scored, 'the scorer has run');
    prepare('full');
    const report = JSON.parse(attune('evaluate', '--store', at('full.db'), '--recipe', 'sims',
      '--protocol', 'leave-one-out', '--json'));
    const pairs = [
      ['normalized_discounted_cumulative_gain_at_10', 'ndcg@10'], ['hit_rate_at_10', 'hr@10'],
      ['normalized_discounted_cumulative_gain_at_25', 'ndcg@25'], ['precision_at_5', 'precision@5'],
      ['mean_reciprocal_rank_at_25', 'mrr@25'],
    ];
    assert.equal(report.cases, scored.requests);
    for (const [ours, theirs] of pairs) {
      const apart = Math.abs(report.metrics[ours].value - scored.metrics[theirs].value);
      assert.ok(apart <= 1e-4, `${ours} ${report.metrics[ours].value}, scorer ${scored.metrics[theirs].value}`);
    }
  });
});
