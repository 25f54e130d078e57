// attune evaluate --off-policy on the Open Bandit Dataset's sample, by its authors' protocol (Saito et
// al. 2021): one policy is judged by the other's log, and the policy's own log has the truth. Every
// number is checked against the estimators' published definitions, written down here a second time
// and with nothing in common, down to the random numbers of the folds.
// The data lies in ../shared beside the project; without it this is skipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DATA = join(ROOT, '../shared/data/open-bandit-small');
const ATTUNE = join(ROOT, 'build/native/attune');
const missing = [join(DATA, 'set.json'), ATTUNE].find((path) => !existsSync(path));
const skip = missing ? `not there: ${missing}` : false;

const run = (command, options) =>
  execFileSync(command, options, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
const judge = (...options) => JSON.parse(run(ATTUNE, ['evaluate', '--json', '--off-policy', ...options]));
const pathOf = (policy, campaign) => join(DATA, policy, campaign, `${campaign}.csv.xz`);

/** The rows of a log: {item, position, reward, propensity}. No field of this set is quoted. */
function rowsOf(policy, campaign) {
  const unpack = 'import lzma, sys; sys.stdout.write(lzma.open(sys.argv[1], "rt").read())';
  const [header, ...lines] = run('python3', ['-c', unpack, pathOf(policy, campaign)]).trimEnd().split('\n');
  const columns = header.split(',');
  const [item, position, click, propensity] =
    ['item_id', 'position', 'click', 'propensity_score'].map((name) => columns.indexOf(name));
  return lines.map((line) => {
    const fields = line.split(',');
    return { item: fields[item], position: +fields[position], reward: +fields[click], propensity: +fields[propensity] };
  });
}

// ---- the definitions

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;

/** The standard error of a mean. */
function errorOf(values) {
  const middle = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1) / values.length);
}

/** Rows with {w, r, q, expected} -> the estimates with their standard errors. */
function estimatesOf(rows) {
  const n = rows.length;
  const weights = sum(rows.map(({ w }) => w));
  const snips = sum(rows.map(({ w, r }) => w * r)) / weights;
  const residual = sum(rows.map(({ w, r, q }) => w * (r - q))) / weights;
  const expected = mean(rows.map((row) => row.expected));
  // Influence functions: how far one round moves the estimate, times n.
  const overWeights = n / weights;
  return {
    ips: { value: mean(rows.map(({ w, r }) => w * r)), se: errorOf(rows.map(({ w, r }) => w * r)) },
    snips: { value: snips, se: errorOf(rows.map(({ w, r }) => overWeights * w * (r - snips))) },
    dr: {
      value: mean(rows.map(({ w, r, q, expected: e }) => e + w * (r - q))),
      se: errorOf(rows.map(({ w, r, q, expected: e }) => e + w * (r - q))),
    },
    sndr: {
      value: expected + residual,
      se: errorOf(rows.map(({ w, r, q, expected: e }) => e + overWeights * w * (r - q - residual))),
    },
  };
}

/** Philox4x32-10 (Salmon et al. 2011), the first word for (seed, stream), with a counter of 0. */
function firstRandom(seed, stream) {
  const low = (value) => Number(value & 0xffffffffn);
  let counter = [0, 0, low(BigInt(stream)), low(BigInt(stream) >> 32n)];
  let keys = [low(BigInt(seed)), low(BigInt(seed) >> 32n)];
  for (let i = 0; i < 10; ++i) {
    const [a, b] = [0xd2511f53n * BigInt(counter[0]), 0xcd9e8d57n * BigInt(counter[2])];
    counter = [
      (low(b >> 32n) ^ counter[1] ^ keys[0]) >>> 0, low(b),
      (low(a >> 32n) ^ counter[3] ^ keys[1]) >>> 0, low(a),
    ];
    keys = [(keys[0] + 0x9e3779b9) >>> 0, (keys[1] + 0xbb67ae85) >>> 0];
  }
  return counter[0];
}

const FOLDS = 5;
const SEED = 1;
const SHRINKAGE = 100;

/** Predictions of each row, learned from the rows of other folds: (row, item) -> rate. */
function predictorOf(rows) {
  const folds = rows.map((_, round) => firstRandom(SEED, round) % FOLDS);
  const models = Array.from({ length: FOLDS }, (_, fold) => {
    const rewards = new Map();
    rows.forEach(({ item, position, reward }, i) => {
      if (folds[i] === fold) return;
      for (const key of ['', item, `${item}@${position}`]) {
        const [count, total] = rewards.get(key) ?? [0, 0];
        rewards.set(key, [count + 1, total + reward]);
      }
    });
    return (item, position) => {
      const [all, total] = rewards.get('');
      return [item, `${item}@${position}`].reduce((prior, key) => {
        const [views, earned] = rewards.get(key) ?? [0, 0];
        return (earned + SHRINKAGE * prior) / (views + SHRINKAGE);
      }, total / all);
    };
  });
  return (i, item) => models[folds[i]](item, rows[i].position);
}

// ---- policies: (item, position) -> probability

const group = (rows, keyOf) => {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
};

/** How often a log shows an item at a position. */
function sharesOf(rows) {
  const views = group(rows, ({ position }) => position);
  const shown = group(rows, ({ item, position }) => `${item}@${position}`);
  return (item, position) => (shown.get(`${item}@${position}`)?.length ?? 0) / views.get(position).length;
}

/** The mean of a log's propensities where it shows an item at a position, made to sum to 1. */
function meanPropensitiesOf(rows) {
  const means = new Map();
  const sums = new Map();
  for (const [key, shown] of group(rows, ({ item, position }) => `${item}@${position}`)) {
    means.set(key, mean(shown.map(({ propensity }) => propensity)));
    sums.set(shown[0].position, (sums.get(shown[0].position) ?? 0) + means.get(key));
  }
  return (item, position) => (means.get(`${item}@${position}`) ?? 0) / sums.get(position);
}

/** Rows with their weights under a policy and their predictions. */
function weighted(rows, policy) {
  const items = [...new Set(rows.map(({ item }) => item))];
  const predict = predictorOf(rows);
  const expected = new Map();
  return rows.map(({ item, position, reward, propensity }, i) => {
    const rate = predict(i, item);
    const key = `${position}/${firstRandom(SEED, i) % FOLDS}`;
    if (!expected.has(key)) {
      expected.set(key, sum(items.map((other) => policy(other, position) * predict(i, other))));
    }
    return { w: policy(item, position) / propensity, r: reward, q: rate, expected: expected.get(key) };
  });
}

function sameEstimates(document, rows) {
  for (const [name, { value, se }] of Object.entries(estimatesOf(rows))) {
    const ours = document.estimates[name];
    for (const [what, got, wanted] of [['value', ours.value, value], ['se', ours.se, se]]) {
      assert.ok(Math.abs(got - wanted) <= 1e-9 * Math.abs(wanted), `${name} ${what}: ${got}, by definition ${wanted}`);
    }
    assert.ok(Math.abs(ours.high - (value + 1.959963984540054 * se)) < 1e-9);
    assert.ok(Math.abs(ours.low - (value - 1.959963984540054 * se)) < 1e-9);
  }
  const weights = rows.map(({ w }) => w);
  const size = sum(weights) ** 2 / sum(weights.map((w) => w * w));
  assert.ok(Math.abs(document.weights.effectiveSampleSize - size) < 1e-6);
  assert.equal(document.weights.largest, Math.max(...weights));
}

const shown = (value) => value.toPrecision(4);

/** Says where the truth lies; estimate and truth, both uncertain, may not be 3 errors apart. */
function compare(t, title, document, own) {
  const truth = mean(own.map(({ reward }) => reward));
  const truthError = errorOf(own.map(({ reward }) => reward));
  t.diagnostic(`${title}: truth ${shown(truth)} ± ${shown(truthError)}, effective sample size ${
    document.weights.effectiveSampleSize.toFixed(1)}, largest weight ${shown(document.weights.largest)}`);
  for (const [name, { value, se, low, high }] of Object.entries(document.estimates)) {
    const inside = low <= truth && truth <= high;
    t.diagnostic(`  ${name}: ${shown(value)} ± ${shown(se)}, ${shown(low)} to ${shown(high)}: truth ${
      inside ? 'inside' : 'OUTSIDE'}`);
    assert.ok(Math.abs(value - truth) < 3 * Math.hypot(se, truthError), `${title}: ${name} ${value}, truth ${truth}`);
  }
}

describe('Open Bandit Dataset: each policy judged by the log of the other', { skip }, () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-open-bandit-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const campaign of ['men', 'women']) {
    test(`${campaign}: Bernoulli Thompson sampling from the uniform random log`, (t) => {
      const [random, bts] = ['random', 'bts'].map((policy) => rowsOf(policy, campaign));
      const document = judge(pathOf('random', campaign), '--policy', pathOf('bts', campaign));
      assert.equal(document.actions, random.length);
      sameEstimates(document, weighted(random, sharesOf(bts)));
      compare(t, `${campaign}, bts from random`, document, bts);
      assert.deepEqual(document.warnings, []);
    });

    test(`${campaign}: the uniform random policy from the log of Bernoulli Thompson sampling`, (t) => {
      const [random, bts] = ['random', 'bts'].map((policy) => rowsOf(policy, campaign));
      const items = new Set(bts.map(({ item }) => item)).size;
      const document = judge(pathOf('bts', campaign), '--policy', 'uniform');
      sameEstimates(document, weighted(bts, () => 1 / items));
      compare(t, `${campaign}, random from bts`, document, random);
      // Thompson sampling hardly shows what it holds for bad.
      assert.match(document.warnings[0], /overlap little/);
      for (const warning of document.warnings) t.diagnostic(`  warning: ${warning}`);
    });
  }

  test('a file of probabilities and a log with everything in its lines give the definitions too', (t) => {
    const [random, bts] = ['random', 'bts'].map((policy) => rowsOf(policy, 'men'));
    const policy = meanPropensitiesOf(bts);
    const places = [...group(random, ({ item, position }) => `${item}@${position}`).values()].map(([row]) => row);
    const file = join(folder, 'policy.jsonl');
    writeFileSync(file, places.map(({ item, position }) =>
      JSON.stringify({ itemId: item, position, probability: policy(item, position) })).join('\n'));
    const rows = weighted(random, policy);
    const document = judge(pathOf('random', 'men'), '--policy', file);
    sameEstimates(document, rows);
    compare(t, 'men, bts by its mean propensities, from random', document, bts);

    const log = join(folder, 'log.jsonl');
    writeFileSync(log, random.map(({ item, position, reward, propensity }, i) => JSON.stringify({
      itemList: [{ itemId: item, propensity, reward, evaluationPropensity: policy(item, position),
        prediction: rows[i].q, policyPrediction: rows[i].expected }],
    })).join('\n'));
    sameEstimates(judge(log), rows);
  });
});
