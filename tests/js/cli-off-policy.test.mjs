// attune evaluate --off-policy: what another policy would have earned, from a log of shown lists.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');

let folder;
const at = (name) => join(folder, name);
const jsonLines = (values) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** Writes a file and returns its path. */
function file(name, content) {
  writeFileSync(at(name), content);
  return at(name);
}

const evaluate = (...options) => spawnSync(ATTUNE, ['evaluate', ...options], { encoding: 'utf8' });

function judge(...options) {
  const { status, stdout, stderr } = evaluate('--json', '--off-policy', ...options);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

/** Runs what must fail and returns its one line. */
function refused(...options) {
  const { status, stdout, stderr } = evaluate(...options);
  assert.equal(status, 2, `${options.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  assert.equal(stdout, '');
  assert.match(stderr, /^attune: [^\n]*\n$/);
  return stderr.slice('attune: '.length).trimEnd();
}

const near = (value, expected) => assert.ok(Math.abs(value - expected) < 1e-12, `${value}, not ${expected}`);

// Weights 0.5, 2, 2, 0.5 by the propensities in the lines; 0.5 / propensity under the uniform policy.
const SHOWN = [
  { itemId: 'a', propensity: 0.5, reward: 1, evaluationPropensity: 0.25 },
  { itemId: 'b', propensity: 0.25, reward: 0, evaluationPropensity: 0.5 },
  { itemId: 'b', propensity: 0.25, reward: 1, evaluationPropensity: 0.5 },
  { itemId: 'a', propensity: 0.5, reward: 0, evaluationPropensity: 0.25 },
];
const lists = (change = (item) => item) => SHOWN.map((item, i) => (
  { recommendationId: `r${i}`, userId: `u${i % 2}`, itemList: [change({ ...item }, i)], context: { DEVICE: 'phone' } }));
const policy = (...entries) => jsonLines(entries.map(([itemId, probability, position]) => ({ itemId, probability, position })));

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-off-policy-'));
  file('log.jsonl', jsonLines(lists()));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('estimates', () => {
  test('of the policy whose propensities the log has', () => {
    const document = judge(at('log.jsonl'));
    assert.equal(document.policy, null);
    assert.deepEqual([document.rounds, document.actions, document.items], [4, 4, 2]);
    near(document.logged.value, 0.5);
    near(document.estimates.ips.value, 2.5 / 4);
    near(document.estimates.ips.se, Math.sqrt(2.6875 / 3 / 4));
    near(document.estimates.snips.value, 2.5 / 5);
    near(document.estimates.snips.se, Math.sqrt((2.125 * 4) / 3) / 5);
    assert.deepEqual(Object.keys(document.estimates), ['ips', 'snips']);
    assert.equal(document.rewardModel, null);
    near(document.weights.effectiveSampleSize, 25 / 8.5);
  });

  test('with the log\'s own predictions, doubly robust', () => {
    const log = file('predicted.jsonl', jsonLines(lists((item) => ({ ...item, prediction: 0.2, policyPrediction: 0.4 }))));
    const { estimates, rewardModel } = judge(log);
    near(estimates.dr.value, 0.4 + 1.5 / 4);
    near(estimates.sndr.value, 0.4 + 1.5 / 5);
    assert.equal(rewardModel.kind, 'predictions in the log');
  });

  test('of the uniform policy, of a file of probabilities and of a log are the same where the policies are', () => {
    const uniform = judge(at('log.jsonl'), '--policy', 'uniform');
    assert.deepEqual(Object.keys(uniform.estimates), ['ips', 'snips', 'dr', 'sndr']);
    near(uniform.estimates.ips.value, (1 + 2) / 4);
    const sources = [
      file('flat.jsonl', policy(['a', 0.5], ['b', 0.5])),
      file('placed.jsonl', policy(['a', 0.5, 1], ['b', 0.5, 1], ['c', 1, 2])),
      at('log.jsonl'), // shows each item twice
      file('log.csv', 'item_id,position,click,propensity_score\na,1,0,0.5\nb,1,0,0.5\n'),
    ];
    for (const source of sources) {
      const { estimates, weights } = judge(at('log.jsonl'), '--policy', source);
      for (const [name, { value, se }] of Object.entries(estimates)) {
        near(value, uniform.estimates[name].value);
        near(se, uniform.estimates[name].se);
      }
      assert.equal(weights.unseenShare, 0);
    }
  });

  test('of a packed log, and of the Open Bandit Dataset\'s columns, are those of the lines', () => {
    const plain = judge(at('log.jsonl'), '--policy', 'uniform');
    const packed = judge(file('log.jsonl.gz', gzipSync(readFileSync(at('log.jsonl')))), '--policy', 'uniform');
    assert.deepEqual({ ...packed, log: plain.log }, plain);
    const rows = SHOWN.map(({ itemId, propensity, reward }, i) => `${i},${itemId},1,${reward},${propensity}\n`);
    const columns = judge(file('shown.csv', `,item_id,position,click,propensity_score\n${rows.join('')}`), '--policy', 'uniform');
    assert.deepEqual({ ...columns, log: plain.log }, plain);
  });

  test('keep their value and change their error when users are the rounds', () => {
    const byList = judge(at('log.jsonl'));
    const byUser = judge(at('log.jsonl'), '--cluster', 'user');
    assert.equal(byUser.rounds, 2);
    near(byUser.estimates.ips.value, byList.estimates.ips.value);
    // Users earn 0.5 + 2 and 0 + 0, each 1.25 away from the mean of the two.
    near(byUser.estimates.ips.se, Math.sqrt(2 * 2 * 1.25 ** 2) / 4);
  });

  test('by resamples are repeatable, and a seed changes them', () => {
    const options = [at('log.jsonl'), '--policy', 'uniform', '--bootstrap', '500'];
    const first = judge(...options, '--seed', '7');
    assert.deepEqual(first.interval, { level: 0.95, method: 'bootstrap', resamples: 500 });
    assert.deepEqual(judge(...options, '--seed', '7'), first);
    assert.notDeepEqual(judge(...options, '--seed', '8').estimates, first.estimates);
    const { low, high, value } = first.estimates.ips;
    assert.ok(low < value && value < high);
  });

  test('with cut weights say what that took', () => {
    const { estimates, clipping } = judge(at('log.jsonl'), '--max-weight', '1.5');
    near(estimates.ips.value, 2 / 4);
    assert.deepEqual(clipping, { maxWeight: 1.5, actions: 2, estimatedBias: { ips: -0.125 } });
  });
});

test('people get a table, and --report the document', () => {
  const options = ['--off-policy', at('log.jsonl'), '--policy', 'uniform'];
  const { status, stdout } = evaluate(...options, '--report', at('report.json'));
  assert.equal(status, 0);
  assert.match(stdout, /log\.jsonl: 4 actions in 4 rounds, judged for uniform\n/);
  assert.match(stdout, /\n {2}ips +0\.75 ± [\d.]+ +-?[\d.]+ to [\d.]+\n/);
  assert.match(stdout, /\n {2}sndr /);
  assert.match(stdout, /effective sample size 3\.6\n/);
  assert.deepEqual(JSON.parse(readFileSync(at('report.json'), 'utf8')), judge(...options.slice(1)));
  assert.match(evaluate('--off-policy', at('log.jsonl')).stdout, /dr needs --policy, or predictions/);
});

describe('warnings', () => {
  const many = (count, item) => jsonLines(Array.from({ length: count }, (_, i) => ({ itemList: [item(i)] })));

  test('there are none where log and policy agree', () => {
    const log = file('good.jsonl', many(400, (i) => ({ itemId: `${i % 2}`, propensity: 0.5, reward: i % 3 })));
    assert.deepEqual(judge(log, '--policy', 'uniform').warnings, []);
  });

  test('of little overlap, of one large weight and of few rewards', () => {
    const log = file('rare.jsonl', many(100, (i) => ({ itemId: i ? 'often' : 'rare', propensity: i ? 0.99 : 0.001, reward: 0 })));
    const { warnings, weights } = judge(log, '--policy', 'uniform');
    near(weights.largest, 500);
    assert.match(warnings[0], /overlap little: the log is worth 1\.2 actions of the policy's own, of 100 logged/);
    assert.match(warnings[1], /one action carries 90\.\d % of all weight.*--max-weight/);
    assert.match(warnings.at(-1), /only 0 rewarded actions/);
  });

  test('of weights that do not average 1, and of what the log never shows', () => {
    const log = file('unseen.jsonl', many(400, (i) => ({ itemId: 'a', propensity: 1, reward: i % 2 })));
    const { warnings, weights } = judge(log, '--policy', file('new.jsonl', policy(['a', 0.75], ['new', 0.25])));
    near(weights.unseenShare, 0.25);
    assert.match(warnings[0], /weights average 0\.75 ± 0 instead of 1/);
    assert.match(warnings[1], /25\.0 % of what the policy shows is never shown/);
  });
});

describe('mistakes', () => {
  const wrongLog = (content, ...options) => refused('--off-policy', file('wrong.jsonl', content), ...options);
  const wrongItem = (change, ...options) => wrongLog(jsonLines(lists((item, i) => (i === 2 ? change(item) : item))), ...options);
  const without = (name) => ({ [name]: _, ...rest }) => rest;

  test('in an item are named with file, line and what to do', () => {
    const line = /wrong\.jsonl:3: itemList\[0\]/.source;
    const says = (what) => new RegExp(`${line}${what}`);
    assert.match(wrongItem(without('propensity')), says(' has no propensity: the probability with which'));
    assert.match(wrongItem(({ propensity, ...rest }) => ({ ...rest, propensty: propensity })), says(' has no propensity.*did you mean propensty\\?'));
    for (const propensity of [0, -0.1, 1.01]) {
      assert.match(wrongItem((item) => ({ ...item, propensity })), says('\\.propensity must be above 0 and at most 1'));
    }
    assert.match(wrongItem((item) => ({ ...item, reward: 'yes' })), says('\\.reward must be a number, not "yes"'));
    assert.match(wrongItem((item) => ({ ...item, reward: null })), says('\\.reward must be a number, not null'));
    assert.match(wrongItem(without('reward')), says(' has no reward: write 0'));
    assert.match(wrongItem((item) => ({ ...item, itemId: 3 })), says('\\.itemId must be a string'));
    assert.match(wrongItem(() => 'b'), says(' must be an object like'));
    assert.match(wrongItem(without('evaluationPropensity')), says(' has no evaluationPropensity: give it in every item, or .* --policy'));
    assert.match(wrongItem((item) => ({ ...item, evaluationPropensity: 1.5 })), says('\\.evaluationPropensity must be from 0 to 1'));
    assert.match(wrongItem((item) => ({ ...item, prediction: 1 })), /wrong\.jsonl:3: prediction and policyPrediction must be in all/);
  });

  test('in a line, and in the log as a whole', () => {
    const good = jsonLines(lists());
    assert.match(wrongLog(`${good}{"itemList":`), /wrong\.jsonl:5: not valid JSON \(byte \d+\)/);
    assert.match(wrongLog(`${good}\n[]\n`), /wrong\.jsonl:6: not a JSON object/);
    assert.match(wrongLog('{"itemList":[{"itemId":"a","reward":1e999}]}'), /wrong\.jsonl:1: not valid JSON: a number is out of range/);
    assert.match(wrongLog('{"userId":"u"}\n'), /wrong\.jsonl:1: no itemList; a line is a shown list/);
    assert.match(wrongLog(good + good), /wrong\.jsonl:5: recommendationId "r0" is also in line 1/);
    assert.match(wrongLog(''), /wrong\.jsonl: no rounds/);
    assert.match(wrongLog('{"itemList":[]}\n'), /no rounds/);
    assert.match(wrongLog(good.split('\n')[0]), /one round only/);
    assert.match(wrongLog(jsonLines(lists((item) => ({ ...item, evaluationPropensity: 0 })))), /the policy never shows what the log shows/);
    assert.match(wrongLog('{"itemList":[{"itemId":"a","propensity":1,"reward":1}]}\n', '--policy', 'uniform', '--cluster', 'user'), /:1: no userId/);
    assert.match(refused('--off-policy', at('none.jsonl')), /cannot read .*none\.jsonl: No such file/);
  });

  test('in a CSV log', () => {
    const wrong = (content, ...options) => refused('--off-policy', file('wrong.csv', content), '--policy', 'uniform', ...options);
    const header = 'item_id,position,click,propensity_score\n';
    assert.match(wrong('item_id,position,click\na,1,0\n'), /wrong\.csv:1: no column propensity_score; a CSV log is as in the Open Bandit Dataset/);
    assert.match(wrong(''), /wrong\.csv:1: no column item_id/);
    assert.match(wrong(`${header}a,1,0,0.5\na,1,0,0\n`), /wrong\.csv:3: propensity_score must be above 0/);
    assert.match(wrong(`${header}a,1,maybe,0.5\n`), /wrong\.csv:2: click must be a number, not "maybe"/);
    assert.match(wrong(`${header}a,1,0,\n`), /wrong\.csv:2: propensity_score must be a number, not ""/);
    assert.match(wrong(`${header}a,0,0,0.5\n`), /wrong\.csv:2: position must be a whole number from 1/);
    assert.match(wrong(`${header}a,1,0\n`), /wrong\.csv:2: .*3 .*4/);
    assert.match(wrong(header), /no rounds/);
    assert.match(wrong(`${header}a,1,0,1\n`, '--cluster', 'user'), /has no users/);
    assert.match(refused('--off-policy', file('wrong.csv', `${header}a,1,0,1\n`)), /wrong\.csv: .*name it with --policy/);
  });

  test('in a policy', () => {
    const wrong = (content) => refused('--off-policy', at('log.jsonl'), '--policy', file('policy.jsonl', content));
    assert.match(wrong(policy(['a', 1])), /policy\.jsonl: no probability of item "b" at position 1, which line 2 of .*log\.jsonl shows; write 0/);
    assert.match(wrong(policy(['a', 0.5], ['b', 0.4])), /policy\.jsonl: probabilities sum to 0\.9, not to 1/);
    assert.match(wrong(policy(['a', 0.5, 1], ['b', 0.5, 1], ['a', 0.7, 2])), /probabilities at position 2 sum to 0\.7/);
    assert.match(wrong(policy(['a', 0.5, 1], ['b', 0.5])), /policy\.jsonl:2: position must be in all lines or in none/);
    assert.match(wrong(policy(['a', 0.5, 0])), /policy\.jsonl:1: position must be a whole number from 1/);
    assert.match(wrong(policy(['a', 0.5], ['a', 0.5])), /policy\.jsonl:2: item "a" has its probability already/);
    assert.match(wrong(policy(['a', 2])), /policy\.jsonl:1: probability must be a number from 0 to 1/);
    assert.match(wrong('{"item":"a","probability":1}'), /policy\.jsonl:1: itemId must be a string/);
    assert.match(wrong(''), /policy\.jsonl: no probabilities/);
    assert.match(refused('--off-policy', at('log.jsonl'), '--policy', at('unifrom')), /cannot read .*unifrom/);
  });

  test('in the options', () => {
    const judging = ['--off-policy', at('log.jsonl')];
    for (const options of [['--store', 's.db'], ['--recipe', 'sims'], ['--protocol', 'temporal'], ['--set', 'a=1'], ['--keep-seen']]) {
      const message = refused(...judging, ...options);
      assert.ok(message.startsWith(`${options[0]} is for training: --off-policy judges a log`), message);
    }
    for (const options of [['--policy', 'uniform'], ['--max-weight', '3'], ['--bootstrap', '500'], ['--folds', '3'], ['--cluster', 'user']]) {
      assert.match(refused('--recipe', 'sims', ...options), new RegExp(`^${options[0]} is for judging a log: it needs --off-policy LOG`));
    }
    assert.match(refused(...judging, '--max-weight', '0'), /--max-weight must be a number above 0/);
    assert.match(refused(...judging, '--bootstrap', '5'), /--bootstrap must be from 100/);
    assert.match(refused(...judging, '--folds', '1'), /--folds must be from 2 to 100/);
    assert.match(refused(...judging, '--cluster', 'item'), /--cluster must be list or user, not "item"/);
    assert.match(refused('--off-policy', ''), /--off-policy needs the name of a file/);
  });
});
