// attune filter --save, --remove and --list, and what train, inspect and recommend make of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundles, kGroups } from './fixtures.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');
const kWar = 'INCLUDE ItemID WHERE Items.GENRES IN ("war")';
const kCheap = 'EXCLUDE ItemID WHERE Items.PRICE > $max';

let folder;
const at = (name) => join(folder, name);
const attune = (...options) => spawnSync(ATTUNE, options, { encoding: 'utf8' });
const filter = (...options) => attune('filter', '--bundle', at('model.attune'), ...options);
const lines = (text) => text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
const listed = (bundle = at('model.attune'), ...more) =>
  lines(attune('filter', '--bundle', bundle, '--list', ...more).stdout);

/** The command went well; its lines of JSON. */
function fine({ status, stdout, stderr }) {
  assert.equal(status, 0, stderr);
  return lines(stdout);
}

/** The command was refused with that message, and the bundle is as it was. */
function refused({ status, stdout, stderr }, message) {
  assert.equal(status, 2, stderr);
  assert.match(stderr, message);
  assert.equal(stdout, '');
  assert.ok(readFileSync(at('model.attune')).equals(readFileSync(bundles.sims)));
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-named-filters-'));
});
beforeEach(() => copyFileSync(bundles.sims, at('model.attune')));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a filter is saved, listed, replaced and removed, and the bundle is what it was', () => {
  const [saved] = fine(filter('--save', 'war', kWar));
  assert.equal(saved.name, 'war');
  assert.equal(saved.expr, kWar);
  assert.equal(saved.replaced, false);
  assert.equal(saved.bytes, readFileSync(at('model.attune')).length);
  fine(filter('--save', 'cheap', kCheap));
  assert.deepEqual(listed(), [
    { name: 'cheap', expr: kCheap, valid: true, error: null, column: null },
    { name: 'war', expr: kWar, valid: true, error: null, column: null },
  ]);
  assert.equal(fine(filter('--save', 'war', kCheap))[0].replaced, true);
  assert.deepEqual(listed().map(({ expr }) => expr), [kCheap, kCheap]);
  fine(filter('--remove', 'cheap'));
  fine(filter('--remove', 'war'));
  assert.deepEqual(listed(), []);
  assert.ok(readFileSync(at('model.attune')).equals(readFileSync(bundles.sims)));
});

test('--output leaves the bundle itself alone', () => {
  fine(filter('--save', 'war', kWar, '--output', at('other.attune')));
  assert.deepEqual(listed(), []);
  assert.deepEqual(listed(at('other.attune')).map(({ name }) => name), ['war']);
  fine(attune('filter', '--bundle', at('other.attune'), '--remove', 'war', '--output', at('third.attune')));
  assert.deepEqual(listed(at('other.attune')).length, 1);
  assert.ok(readFileSync(at('third.attune')).equals(readFileSync(bundles.sims)));
});

test('an expression that the bundle does not allow is not saved, and the mistake is shown', () => {
  const wrong = 'INCLUDE ItemID WHERE Items.GENRE IN ("war")';
  refused(
    filter('--save', 'war', wrong),
    /filter war cannot be kept: no such field; did you mean GENRES\? \(column 28\)\n {2}INCLUDE .*\n {29}\^\n$/,
  );
  refused(filter('--save', 'war', 'INCLUDE'), /column 8/);
  refused(filter('--save', 'war', ''), /column 1/);
  refused(filter('--save', 'users', 'INCLUDE UserID WHERE Users.AGE > 3'), /another kind/);
  refused(filter('--save', 'war', '--compatible', 'EXCLUDE ItemID WHERE NOT Items.YEAR < 3'), /Personalize/);
});

test('names are checked, and an unknown one is compared with those there are', () => {
  for (const name of ['-a', 'a b', 'é', 'x'.repeat(64)]) {
    refused(filter(`--save=${name}`, kWar), /1 to 63 letters/);
    refused(filter(`--remove=${name}`), /1 to 63 letters/);
  }
  refused(filter('--save', '', kWar), /1 to 63 letters/);
  refused(filter('--remove', ''), /1 to 63 letters/);
  refused(filter('--remove', 'war'), /the bundle has no filter war/);
  fine(filter('--save', 'war-films', kWar));
  const { status, stderr } = filter('--remove', 'war-film');
  assert.equal(status, 2);
  assert.match(stderr, /the bundle has no filter war-film; did you mean war-films\?/);
});

test('options that do not go together are refused', () => {
  const where = ['--bundle', at('model.attune')];
  const bad = [
    ['--save', 'a', kWar],
    [...where, '--save', 'a'],
    [...where, '--save', 'a', '--remove', 'b', kWar],
    [...where, '--save', 'a', '--input', 'f', kWar],
    [...where, '--save', 'a', '--schema', 'f', kWar],
    ['--remove', 'a'],
    [...where, '--remove', 'a', kWar],
    ['--list'],
    [...where, '--list', kWar],
    [...where, '--list', '--output', at('no.attune')],
    [...where, kWar, '--output', at('no.attune')],
  ];
  for (const options of bad) refused(attune('filter', ...options), /^attune: /);
  assert.equal(existsSync(at('no.attune')), false);
});

test('a bundle that is none, or a place that cannot be written, is refused', () => {
  writeFileSync(at('broken.attune'), 'not a bundle at all, but long enough to be read as one');
  refused(attune('filter', '--bundle', at('broken.attune'), '--save', 'a', kWar), /broken\.attune/);
  refused(attune('filter', '--bundle', at('missing'), '--list'), /cannot read/);
  refused(filter('--save', 'war', kWar, '--output', at('no/such/folder')), /no\/such\/folder/);
});

test('--list says which filters Personalize would not take', () => {
  fine(filter('--save', 'late', 'EXCLUDE ItemID WHERE NOT Items.YEAR < 3'));
  const [late] = listed(at('model.attune'), '--compatible');
  assert.equal(late.valid, false);
  assert.match(late.error, /Personalize/);
  assert.equal(typeof late.column, 'number');
});

test('inspect shows the filters, and every hash is right', () => {
  fine(filter('--save', 'war', kWar));
  const json = JSON.parse(attune('inspect', '--json', at('model.attune')).stdout);
  assert.deepEqual(json.filters, [{ name: 'war', expr: kWar }]);
  assert.ok(json.sections.every(({ intact }) => intact));
  assert.deepEqual(json.provenance, JSON.parse(attune('inspect', '--json', bundles.sims).stdout).provenance);
  assert.match(attune('inspect', at('model.attune')).stdout, /\nfilters\n {2}war +INCLUDE ItemID/);
});

test('recommend takes the name of a filter or an expression', () => {
  fine(filter('--save', 'war', kWar));
  writeFileSync(at('in.jsonl'), '{"userId":"a-1"}\n');
  const recommend = (wanted, ...more) =>
    attune('recommend', '--bundle', at('model.attune'), '--input', at('in.jsonl'), '--filter', wanted, ...more);
  const [{ output }] = fine(recommend('war'));
  assert.deepEqual(output.recommendedItems.sort(), kGroups.b);
  assert.equal(recommend('war').stdout, recommend(kWar).stdout);
  const { status, stderr } = recommend('wars');
  assert.equal(status, 2);
  assert.match(stderr, /the bundle has no filter wars; did you mean war\?/);
});

const trainSims = (output, ...more) =>
  attune('train', '--store', join(dirname(bundles.sims), 'shop.db'), '--recipe', 'sims',
    '--include-text', 'TITLE', '--set', 'min_cointeraction_count=1', '--output', at(output), ...more);

test('training with filters gives the bytes that saving them gives', () => {
  writeFileSync(at('filters.json'), JSON.stringify({ war: kWar, cheap: kCheap }));
  const { status, stderr } = trainSims('trained.attune', '--filters', at('filters.json'));
  assert.equal(status, 0, stderr);
  fine(filter('--save', 'war', kWar));
  fine(filter('--save', 'cheap', kCheap));
  assert.ok(readFileSync(at('trained.attune')).equals(readFileSync(at('model.attune'))));
});

test('training does not begin with filters that the data do not allow', () => {
  const bad = [
    ['{"war": "INCLUDE ItemID WHERE Items.GENRE IN (\\"war\\")"}', /filter war .*did you mean GENRES\? \(column 28\)/],
    ['{"a b": "EXCLUDE ItemID WHERE Items.YEAR > 3"}', /1 to 63 letters/],
    ['{"war": 3}', /war: the expression is not a string/],
    ['["war"]', /expected a JSON object/],
    ['{"war"', /expected a JSON object/],
  ];
  for (const [text, message] of bad) {
    writeFileSync(at('filters.json'), text);
    const { status, stderr } = trainSims('never.attune', '--filters', at('filters.json'));
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
  assert.match(trainSims('never.attune', '--filters', at('missing.json')).stderr, /cannot read/);
  assert.equal(existsSync(at('never.attune')), false);
});
