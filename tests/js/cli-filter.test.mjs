// attune filter: verdicts on expressions, and on all of Personalize's that are known.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundles } from './fixtures.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');
const REFERENCE = join(ROOT, '../shared/reference/filters.jsonl');
const filter = (...options) => spawnSync(ATTUNE, ['filter', ...options], { encoding: 'utf8' });
const lines = (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line));

let folder;
const at = (name) => join(folder, name);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-filter-'));
  const schema = (name, fields) => JSON.stringify({
    type: 'record', name, namespace: 'com.amazonaws.personalize.schema', version: '1.0', fields,
  });
  const text = (name) => ({ name, type: ['null', 'string'], categorical: true });
  const of = (type) => (name) => ({ name, type: ['null', type] });
  writeFileSync(at('items.avsc'), schema('Items', [
    { name: 'ITEM_ID', type: 'string' },
    ...['GENRE', 'CATEGORY', 'CATEGORY_L1', 'CATEGORY_L2', 'PROMOTED', 'DELETED', 'CULTURE',
      'AVAILABLE', 'DISCONTINUED', 'GENRES', 'AUDIENCE'].map(text),
    ...['PRICE'].map(of('double')), ...['YEAR', 'STOCK'].map(of('int')),
    { name: 'CREATION_TIMESTAMP', type: 'long' }, of('boolean')('IN_STOCK'),
    { name: 'DESCRIPTION', type: ['null', 'string'], textual: true },
  ]));
  writeFileSync(at('users.avsc'), schema('Users', [
    { name: 'USER_ID', type: 'string' },
    ...['GENDER', 'MEMBERSHIP', 'MEMBERSHIP_STATUS'].map(text), of('int')('AGE'),
  ]));
  writeFileSync(at('interactions.avsc'), schema('Interactions', [
    { name: 'USER_ID', type: 'string' }, { name: 'ITEM_ID', type: 'string' },
    { name: 'TIMESTAMP', type: 'long' }, { name: 'EVENT_TYPE', type: 'string' },
    { name: 'IMPRESSION', type: 'string' }, text('DEVICE'), of('float')('SPENT'),
  ]));
});

after(() => rmSync(folder, { recursive: true, force: true }));

const schemas = () => ['--schema', at('items.avsc'), '--schema', at('users.avsc')];

test('a good expression is shown with its program', () => {
  const { status, stdout } = filter(...schemas(), 'EXCLUDE ItemID WHERE NOT Items.PRICE < now() - 3d');
  assert.equal(status, 0);
  assert.deepEqual(lines(stdout), [{
    expr: 'EXCLUDE ItemID WHERE NOT Items.PRICE < now() - 3d', valid: true, error: null, column: null,
    program: ['EXCLUDE ItemID', '  0 Items.PRICE >= now() - 259200'],
  }]);
});

test('the columns of an interactions schema are known, with their types', () => {
  const verdict = (condition, ...options) =>
    lines(filter(...options, `INCLUDE ItemID WHERE Interactions.${condition}`).stdout)[0];
  const known = ['--schema', at('interactions.avsc')];
  assert.equal(verdict('DEVICE = "tv" AND Interactions.SPENT > 3', ...known).valid, true);
  const misspelt = verdict('DEVCE = "tv"', ...known);
  assert.deepEqual([misspelt.error, misspelt.column], ['no such field; did you mean DEVICE?', 35]);
  assert.match(verdict('DEVICE > 3', ...known).error, /only numbers can be ordered/);
  assert.equal(verdict('IMPRESSION = "a"', ...known).error, 'no such field');
  assert.equal(verdict('DEVICE = "tv"').valid, true);
  assert.match(verdict('DEVICE = "tv"', '--compatible').error, /by EVENT_TYPE only/);
});

test('a mistake is shown with its column, what may be meant, and a mark under it', () => {
  const { status, stdout, stderr } = filter(...schemas(), 'EXCLUDE ItemID WHERE Items.GENER IN ("a")');
  assert.equal(status, 2);
  const [verdict] = lines(stdout);
  assert.equal(verdict.valid, false);
  assert.equal(verdict.column, 28);
  assert.match(verdict.error, /did you mean GENRE\?/);
  assert.match(stderr, /\n {2}EXCLUDE ItemID WHERE Items\.GENER IN \("a"\)\n {29}\^\n$/);
});

test('fields may come from a bundle, and without either every field is taken', () => {
  const wrong = 'EXCLUDE ItemID WHERE Items.NO_SUCH IN ("a")';
  assert.equal(filter('--bundle', bundles.sims, wrong).status, 2);
  assert.equal(filter('--bundle', bundles.sims, 'EXCLUDE ItemID WHERE Items.GENRES IN ("a")').status, 0);
  assert.equal(filter(wrong).status, 0);
});

test('textual and boolean columns are filtered, but not by Personalize', () => {
  for (const condition of ['Items.IN_STOCK IN ("true")', 'Items.DESCRIPTION IN ("a")']) {
    const expression = `EXCLUDE ItemID WHERE ${condition}`;
    assert.equal(filter(...schemas(), expression).status, 0);
    assert.equal(filter(...schemas(), '--compatible', expression).status, 2);
  }
});

test('a file of expressions gets a verdict a line', () => {
  writeFileSync(at('in.txt'), 'EXCLUDE ItemID WHERE Items.PRICE > 3\n\n{"expr":"DROP"}\n');
  const { status, stdout } = filter('--input', at('in.txt'));
  assert.equal(status, 0);
  assert.deepEqual(lines(stdout).map(({ valid, column }) => [valid, column]), [[true, null], [false, 1]]);
});

test('neither or both of an expression and a file are refused', () => {
  for (const options of [[], ['EXCLUDE', '--input', at('in.txt')]]) {
    const { status, stderr } = filter(...options);
    assert.equal(status, 2);
    assert.match(stderr, /^attune: one of EXPR and --input/);
  }
});

test('every expression whose verdict by Personalize is known gets it', { skip: !existsSync(REFERENCE) && `not there: ${REFERENCE}` }, () => {
  const known = lines(readFileSync(REFERENCE, 'utf8'));
  const { stdout } = filter('--compatible', ...schemas(), '--input', REFERENCE);
  const verdicts = lines(stdout);
  assert.equal(verdicts.length, known.length);
  known.forEach(({ expr, valid }, i) => assert.equal(verdicts[i].valid, valid, `${expr}: ${verdicts[i].error}`));
});
