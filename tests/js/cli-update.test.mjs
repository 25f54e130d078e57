// attune update as a user runs it: a bundle for newer data, without training.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { refusal } from './refusal.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? fileURLToPath(new URL('../../build/native/attune', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'attune-update-'));
const path = (name) => join(folder, name);
const attune = (...args) => execFileSync(ATTUNE, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const fails = (...args) => refusal(spawnSync(ATTUNE, args, { encoding: 'utf8' }), args.join(' '));
const importFile = (type, schema, csv) =>
  attune('import', '--store', path('a.db'), '--type', type, '--schema', path(schema), path(csv));

before(() => {
  attune('synth', '--world', 'shop', '--users', '300', '--items', '120', '--interactions', '5000', '--seed', '3', '--output', folder);
  for (const type of ['interactions', 'items']) importFile(type, `${type}.avsc`, `${type}.csv`);
  writeFileSync(path('filters.json'), JSON.stringify({ cheap: 'INCLUDE ItemID WHERE Items.PRICE < 50' }));
  attune('train', '--store', path('a.db'), '--recipe', 'user-personalization', '--validation', 'none', '--set', 'epochs=3',
    '--filters', path('filters.json'), '--output', path('a.attune'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('new items and events come into a bundle, its filters stay, and the new items can be recommended', () => {
  const [head, first] = readFileSync(path('items.csv'), 'utf8').split('\n');
  const cells = first.split(',');
  const id = head.split(',').indexOf('ITEM_ID');
  const added = ['new-1', 'new-2', 'new-3'].map((name) => cells.with(id, name).join(','));
  appendFileSync(path('items.csv'), `${added.join('\n')}\n`);
  importFile('items', 'items.avsc', 'items.csv');
  const report = JSON.parse(attune('update', '--store', path('a.db'), '--bundle', path('a.attune'), '--output', path('b.attune'), '--json'));
  assert.equal(report.items.added, 3);
  assert.equal(report.items.addedUnseen, 3);
  assert.equal(report.items.removed, 0);
  const after = JSON.parse(attune('inspect', path('b.attune'), '--json'));
  const beforehand = JSON.parse(attune('inspect', path('a.attune'), '--json'));
  assert.equal(after.items, beforehand.items + 3);
  assert.deepEqual(after.filters, beforehand.filters);
  const weights = (bundle) => bundle.sections.filter(({ kind }) => /QueryKeyValue|GateAndUp|Down/.test(kind)).map(({ sha256 }) => sha256);
  assert.deepEqual(weights(after), weights(beforehand));
  writeFileSync(path('in.jsonl'), '{"events":[{"itemId":"new-1","timestamp":1700000000}]}\n');
  attune('recommend', '--bundle', path('b.attune'), '--input', path('in.jsonl'), '--output', path('out.jsonl'), '--num-results', String(after.items));
  const { output } = JSON.parse(readFileSync(path('out.jsonl'), 'utf8'));
  assert.ok(output.recommendedItems.includes('new-2'));
});

test('a bundle can be updated in place, and twice gives the same bytes', () => {
  const update = (from, to) => JSON.parse(attune('update', '--store', path('a.db'), '--bundle', path(from), '--output', path(to), '--json')).bundle.sha256;
  update('a.attune', 'c.attune');
  const once = update('c.attune', 'c.attune');
  assert.equal(update('c.attune', 'c.attune'), once);
});

test('what cannot be updated says so in one line and leaves nothing behind', () => {
  assert.match(fails('update', '--store', path('none.db'), '--bundle', path('a.attune'), '--output', path('x.attune')), /none\.db/);
  assert.match(fails('update', '--store', path('a.db'), '--bundle', path('items.csv'), '--output', path('x.attune')), /items\.csv/);
  assert.ok(!existsSync(path('x.attune')));
});
