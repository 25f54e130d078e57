// Filters that the bundle has names for, as the package sees them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { load } from '../../js/dist/node.js';
import { bundles, errorOf, idsOf, kGroups } from './fixtures.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');

/** Some with names that careless code takes for something else. */
const kFilters = {
  'war-films': 'INCLUDE ItemID WHERE Items.GENRES IN ("war")',
  cheap: 'INCLUDE ItemID WHERE Items.PRICE < $max',
  cheaper: 'INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN ("drama")',
  constructor: 'EXCLUDE ItemID WHERE NOT Items.GENRES IN ("war")',
  42: 'INCLUDE ItemID WHERE Items.ITEM_ID IN ("a1")',
};

let folder;
let path;
let recommender;
let session;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-js-filters-'));
  path = join(folder, 'model.attune');
  let from = bundles.sims;
  for (const [name, expression] of Object.entries(kFilters)) {
    const options = ['filter', '--bundle', from, '--output', path, '--save', name, expression];
    const { status, stderr } = spawnSync(ATTUNE, options, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    from = path;
  }
  recommender = await load(path);
  session = recommender.session();
});

after(() => {
  recommender.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const list = (filter, filterValues) =>
  idsOf(session.getRecommendations({ numResults: 100, filter, filterValues })).sort();

test('the filters of a bundle are there by name, and nothing else is', async () => {
  assert.deepEqual(Object.entries(recommender.filters).sort(), Object.entries(kFilters).sort());
  assert.equal(recommender.filters.toString, undefined);
  assert.throws(() => { recommender.filters.cheap = 'x'; }, TypeError);
  const plain = await load(bundles.sims);
  assert.deepEqual(Object.keys(plain.filters), []);
  plain.dispose();
});

test('a name does what its expression does, with values for its placeholders', () => {
  assert.deepEqual(list('war-films'), kGroups.b);
  assert.deepEqual(list('constructor'), kGroups.b);
  assert.deepEqual(list('42'), ['a1']);
  assert.deepEqual(list('cheap', { max: 1 }), kGroups.b);
  assert.deepEqual(list('cheap', { max: 1 }), list(kFilters.cheap, { max: 1 }));
  assert.throws(() => list('cheap'), errorOf('INVALID_FILTER'));
});

test('related items take a name too', () => {
  const related = recommender.similarItems('a3', { numResults: 100, filter: 'cheaper' });
  assert.deepEqual(idsOf(related).sort(), ['a1', 'a2']);
});

test('an unknown name is an error that says which one may be meant', () => {
  assert.throws(() => list('war-film'), errorOf('NOT_FOUND', /"war-film"; did you mean "war-films"\?/));
  assert.throws(() => list('Cheap'), errorOf('NOT_FOUND', /did you mean "cheap"\?/));
  assert.throws(() => list('toString'), errorOf('NOT_FOUND'));
  assert.throws(
    () => recommender.similarItems('a3', { filter: 'EXCLUDE' }),
    errorOf('NOT_FOUND', /known: .*war-films/),
  );
});

test('what cannot be a name is an expression', () => {
  for (const filter of ['-war', '_', 'war films', 'x'.repeat(64), 'é']) {
    assert.throws(() => list(filter), errorOf('INVALID_FILTER'));
  }
});

test('checkFilter knows the names', () => {
  assert.equal(recommender.checkFilter('cheap'), undefined);
  assert.equal(recommender.checkFilter('cheep').code, 'NOT_FOUND');
});

test('the language of the recommender decides about named filters as about others', async () => {
  const compatible = await load(path, { filterLanguage: 'compatible' });
  assert.equal(compatible.checkFilter('war-films'), undefined);
  assert.match(compatible.checkFilter('constructor').message, /Personalize/);
  compatible.dispose();
});
