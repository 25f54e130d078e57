// attune recommend --list-options: the package's list controls for batches.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundles, kGroups } from './fixtures.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? fileURLToPath(new URL('../../build/native/attune', import.meta.url));
const kInput = [
  { userId: 'u', events: [{ itemId: 'a1', timestamp: 1 }] },
  { userId: 'v', events: [{ itemId: 'a1', timestamp: 1 }], itemList: ['a2', 'b1'] },
  { itemId: 'a1' },
].map((line) => JSON.stringify(line)).join('\n');

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-list-options-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** The answers to lines without a file of options, or with one. */
function answers(requests, file) {
  const path = join(folder, 'lines.json');
  if (file) writeFileSync(path, JSON.stringify(file));
  const { status, stdout, stderr } = spawnSync(
    ATTUNE,
    ['recommend', '--bundle', bundles.sims, '--input', '-', '--num-results', '6', ...(file ? ['--list-options', path] : [])],
    { input: requests.map((line) => JSON.stringify(line)).join('\n'), encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n').map((line) => JSON.parse(line));
}

function recommend(options, ...more) {
  const path = join(folder, 'list.json');
  writeFileSync(path, typeof options === 'string' ? options : JSON.stringify(options));
  const { status, stdout, stderr } = spawnSync(
    ATTUNE,
    ['recommend', '--bundle', bundles.sims, '--input', '-', '--num-results', '6', '--list-options', path, ...more],
    { input: kInput, encoding: 'utf8' },
  );
  const lines = stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return { status, stderr, lines };
}

const war = {
  name: 'war', percentPromotedItems: 34,
  filter: 'INCLUDE ItemID WHERE Items.GENRES IN ($genre)', filterValues: { genre: 'war' },
};

test('promotions and propensities stand beside lists, and rankings are as ever', () => {
  const { status, stderr, lines } = recommend({ promotions: [war], explorationWeight: 0.3, seed: 3 });
  assert.equal(status, 0, stderr);
  const [list, ranking, related] = lines.map(({ output }) => output);
  assert.equal(list.promotionNames.filter((name) => name === 'war').length, 2);
  list.promotionNames.forEach((name, i) => {
    if (name) assert.ok(kGroups.b.includes(list.recommendedItems[i]));
  });
  assert.equal(list.propensities.length, list.recommendedItems.length);
  for (const one of list.propensities) assert.ok(one > 0 && one <= 1);
  assert.deepEqual(Object.keys(ranking), ['recommendedItems', 'scores']);
  assert.equal(related.promotionNames.filter(Boolean).length, 2);
});

test('the same file gives the same lists', () => {
  const options = { promotions: [war], explorationWeight: 1, seed: 9 };
  assert.deepEqual(recommend(options).lines, recommend(options).lines);
});

test('without list options there is nothing beside items and scores', () => {
  const { lines } = recommend({});
  assert.deepEqual(Object.keys(lines[0].output), ['recommendedItems', 'scores']);
});

const wrong = [
  ['[]', /expected a JSON object of list options/],
  [{ diversty: 1 }, /unknown option "diversty"/],
  [{ diversity: 2 }, /diversity: 2 is not a number from 0/],
  [{ freshnessDays: 0 }, /freshnessDays: must be more than 0/],
  [{ maxPerValue: { column: 'TITLE', count: 1 } }, /"TITLE" is no categorical column/],
  [{ maxPerValue: 3 }, /maxPerValue: expected/],
  [{ promotions: {} }, /promotions: expected an array/],
  [{ promotions: [{ name: 'x' }] }, /promotions\[0\]\.percentPromotedItems/],
  [{ promotions: [{ ...war, name: '' }] }, /promotions\[0\]\.name: expected a text/],
  [{ promotions: [{ ...war, filter: 'INCLUDE x' }] }, /column 9/],
  [{ promotions: [{ ...war, percentPromotedItems: 60 }, { ...war, percentPromotedItems: 60 }] }, /more than 100 percent/],
];
for (const [options, message] of wrong) {
  test(`list options ${JSON.stringify(options).slice(0, 70)} are one clear error`, () => {
    const { status, stderr, lines } = recommend(options);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.deepEqual(lines, []);
  });
}
test('the compatible language has one promotion', () => {
  const twice = [war, { ...war, name: 'again' }];
  const { status, stderr } = recommend({ promotions: twice }, '--compatible');
  assert.equal(status, 2);
  assert.match(stderr, /Personalize has one/);
});

const kUser = { userId: 'u', events: [{ itemId: 'a1', timestamp: 1 }] };

test('what a line says of its list is as if a file said it', () => {
  for (const options of [{ promotions: [war], seed: 3 }, { diversity: 1 }, { explorationWeight: 0.5, seed: 4 }]) {
    const [line] = answers([{ ...kUser, ...options }]);
    assert.deepEqual(line.output, answers([kUser], options)[0].output);
    assert.deepEqual(line.input, { userId: 'u', ...options });
  }
});

test('a line overrides the file option by option, for itself alone', () => {
  const file = { promotions: [war], explorationWeight: 0.3, seed: 3 };
  const [own, none, plain] = answers(
    [{ ...kUser, promotions: [{ ...war, name: 'all', percentPromotedItems: 100 }] }, { ...kUser, promotions: null, explorationWeight: 0 }, kUser],
    file,
  );
  assert.ok(own.output.promotionNames.every((name) => name === 'all'));
  assert.equal(own.output.propensities.length, own.output.recommendedItems.length);
  assert.deepEqual(Object.keys(none.output), ['recommendedItems', 'scores']);
  assert.deepEqual(plain.output, answers([kUser], file)[0].output);
});

for (const [line, message] of [
  [{ ...kUser, diversity: 2 }, /^diversity: 2 is not a number from 0/],
  [{ ...kUser, diversty: 1 }, /^unknown field "diversty"; did you mean "?diversity/],
  [{ ...kUser, promotions: [{ ...war, filter: 'INCLUDE ItemID WHERE Items.GENRE = "x"' }] },
    /^promotions\[0\]\.filter: no such field; did you mean GENRES\? \(column 28\)/],
  [{ ...kUser, promotions: [{ ...war, filter: 'kids' }] }, /^promotions\[0\]\.filter: the bundle has no filter kids/],
  [{ ...kUser, itemList: ['a1'], diversity: 1 }, /^diversity does not go with itemList/],
]) {
  test(`list options of a line that are wrong, ${message.source}, are its own error`, () => {
    const [wrong, right] = answers([line, kUser]);
    assert.equal(wrong.output, null);
    assert.match(wrong.error, message);
    assert.equal(right.error, null);
  });
}
