// attune gate by hand: what it lets pass, what it refuses, and why.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { ATTUNE, attune, Place } from './collector.mjs';
import { refusal } from './refusal.mjs';

const kFields = [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long']];
const kUsers = 160;
const kItems = 16; // of each of two kinds; users keep to their kind

let place;
before(() => {
  place = new Place();
  // Ten of the kind's items each, so that the two kinds have nothing in common but their number.
  const rows = [];
  for (let user = 0; user < kUsers; user++) {
    for (let i = 0; i < 10; i++) rows.push(line(user, (user * 7 + i * 3) % kItems, 1_700_000_000 + i));
  }
  place.import('interactions', kFields, rows);
  run('keygen', '--output', place.file('shop.key'));
  train('old', 'sims');
  run('publish', '--bundle', place.file('old.attune'), '--to', place.file('shop'), '--key', place.file('shop.key'));
  // What the users do next, which the old bundle has not seen.
  place.import('interactions', kFields, Array.from({ length: kUsers }, (_, user) =>
    line(user, (user * 7 + 10 * 3) % kItems, 1_700_000_100)), 'incremental');
  train('new', 'sims');
  train('popular', 'popularity-count');
});
after(() => place.remove());

function line(user, item, time) {
  return `u${user},${user % 2 ? 'odd' : 'even'}-${item},${time}`;
}

function run(...words) {
  const { code, out, err } = attune(...words);
  assert.equal(code, 0, err);
  return out;
}

function train(name, recipe) {
  run('train', '--store', place.store, '--recipe', recipe, '--output', place.file(`${name}.attune`),
    '--validation-bundle', place.file(`${name}.twin`));
}

const words = (name, ...more) => ['gate', '--store', place.store, '--bundle', place.file(`${name}.attune`),
  '--validation-bundle', place.file(`${name}.twin`), '--against', place.file('shop'), ...more];
/** The one line of a gate that refused; what it prints of its checks comes before, on standard output. */
function refused(...more) {
  const { status, stderr } = spawnSync(ATTUNE, words(...more), { encoding: 'utf8' });
  return refusal({ status, stderr, stdout: '' });
}

test('a bundle that is as good as the published one passes, and every check is reported', () => {
  const { verdict, reason, checks } = JSON.parse(run(...words('new', '--json')));
  assert.deepEqual([verdict, reason], ['accepted', '']);
  assert.deepEqual(Object.keys(checks), ['items', 'quality', 'coverage', 'churn']);
  assert.ok(checks.quality.cases > 100, 'those users did something new');
  assert.ok(checks.quality.candidate.value > 0.1 && checks.quality.candidate.se > 0);
  assert.equal(checks.quality.notJudged, undefined);
  assert.deepEqual(checks.items.figure, 1);
  assert.match(run(...words('new')), /^items +1 \(limit 0\.8\)[^]*\nquality +[^]*\ncoverage +[^]*\nchurn +[\d.]+ \(limit 0\.5\)/);
});

test('a bundle that foretells worse than the published one is refused', () => {
  const path = place.file('gate.json');
  assert.match(refused('popular', '--report', path),
    /^attune: refused: NDCG@10 on \d+ held-out events is [\d.]+, the published bundle's [\d.]+ \(minQualityRatio 0\.95\)$/);
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).verdict, 'refused');
});

test('without a twin, or with few new events, quality is not judged and the lists still are', () => {
  const { checks } = JSON.parse(run(...words('new', '--json', '--min-cases', '1000')));
  assert.match(checks.quality.notJudged, /^\d+ users have something new, of 1000 \(minCases\) that are needed$/);
  const alone = ['gate', '--store', place.store, '--against', place.file('shop')];
  assert.match(run(...alone, '--bundle', place.file('new.attune')), /quality +not judged: no validation bundle was given/);
  const other = (...more) => {
    const { status, stderr } = spawnSync(ATTUNE, [...alone, '--bundle', place.file('popular.attune'), ...more], { encoding: 'utf8' });
    return refusal({ status, stderr, stdout: '' });
  };
  assert.match(other(), /its lists have 15 different items, the published bundle's 32 \(minCoverageRatio 0\.7\)$/);
  assert.match(other('--min-coverage-ratio', '0.1', '--max-churn', '0.4'), /% of what the lists recommend is new \(maxChurn 0\.4\)$/);
});

test('limits are options: what is too much for one shop is fine for another', () => {
  assert.match(refused('new', '--min-items-ratio', '1.5'), /the catalogue has 32 items, the published one 32 \(minItemsRatio 1\.5\)/);
  assert.match(refused('new', '--min-coverage-ratio', '9'), /its lists have \d+ different items/);
  run(...words('popular', '--min-quality-ratio', '0', '--max-churn', '1', '--min-coverage-ratio', '0'));
});

test('the first bundle has nothing to be compared with', () => {
  assert.match(run('gate', '--store', place.store, '--bundle', place.file('new.attune')), /coverage +not judged: nothing to compare with/);
});

test('what is no bundle, no publication or no number is refused in one line', () => {
  const gate = (...more) => refusal(spawnSync(ATTUNE, ['gate', '--store', place.store, ...more], { encoding: 'utf8' }));
  const whole = readFileSync(place.file('new.attune'));
  const broken = place.file('broken.attune');
  writeFileSync(broken, whole.subarray(0, whole.length / 2));
  assert.match(gate('--bundle', broken), /broken\.attune/);
  assert.match(gate('--bundle', place.file('new.attune'), '--against', place.folder), /it is not a file/);
  assert.match(gate('--bundle', place.file('new.attune'), '--max-churn', '2'), /--max-churn/);
  assert.match(gate(), /--bundle is required/);
  const damaged = place.file('shop/manifest.json');
  const manifest = readFileSync(damaged);
  writeFileSync(damaged, '{}');
  assert.match(gate('--bundle', place.file('new.attune'), '--against', place.file('shop')), /manifest\.json/);
  writeFileSync(damaged, manifest);
});

test('a twin needs the validation that leaves one out', () => {
  assert.match(refusal(spawnSync(ATTUNE, ['train', '--store', place.store, '--recipe', 'sims', '--output', place.file('x'),
    '--validation', 'none', '--validation-bundle', place.file('y')], { encoding: 'utf8' })),
  /--validation-bundle goes with --validation leave-one-out alone/);
});

test('an update has its twin too', () => {
  run('update', '--store', place.store, '--bundle', place.file('shop'), '--output', place.file('updated.attune'),
    '--validation-bundle', place.file('updated.twin'));
  const { verdict, checks } = JSON.parse(run(...words('updated', '--json')));
  assert.equal(verdict, 'accepted');
  assert.ok(checks.quality.cases > 100);
});
