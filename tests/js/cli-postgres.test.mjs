// Every command of the trainer with a store in PostgreSQL: it gives what a SQLite store gives.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { attune } from './collector.mjs';
import { PostgresServer } from './postgres.mjs';

const postgres = PostgresServer.start();
const skip = postgres ? false : 'skipped, not there: PostgreSQL';
const folder = mkdtempSync(join(tmpdir(), 'attune-cli-postgres-'));
const file = (name) => join(folder, name);

/** Runs a command that must succeed, with each store; returns what each printed. */
const stores = {};
function withEach(...words) {
  return Object.fromEntries(Object.entries(stores).map(([engine, store]) => {
    const done = attune(...words.map((word) => word.replace('STORE', store).replace('ENGINE', engine)));
    assert.equal(done.code, 0, `${engine}: ${done.err}`);
    return [engine, done.out];
  }));
}
const sameFiles = (name) => assert.deepEqual(
  readFileSync(file(name.replace('ENGINE', 'postgres'))), readFileSync(file(name.replace('ENGINE', 'sqlite'))));

before(() => {
  if (!postgres) return;
  stores.sqlite = file('store.db');
  stores.postgres = postgres.database();
  const made = attune('synth', '--world', 'shop', '--users', '120', '--items', '60', '--interactions', '4000', '--seed', '1', '--output', folder);
  assert.equal(made.code, 0, made.err);
  const [head, ...rows] = readFileSync(file('interactions.csv'), 'utf8').trimEnd().split('\n');
  writeFileSync(file('first.csv'), `${[head, ...rows.slice(0, 2500)].join('\n')}\n`);
  writeFileSync(file('second.csv'), `${[head, ...rows.slice(2000), rows.at(-1)].join('\n')}\n`);
});
after(() => {
  postgres?.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('import counts the same rows, whatever the engine', { skip }, () => {
  const counted = (type, mode, csv) => {
    const said = withEach('import', '--store', 'STORE', '--type', type, '--mode', mode, '--schema', file(`${type}.avsc`), '--json', file(csv));
    const [sqlite, other] = [said.sqlite, said.postgres].map((text) => {
      const { store, seconds, rowsPerSecond, peakResidentBytes, ...counts } = JSON.parse(text);
      return { store, counts };
    });
    assert.deepEqual(other.counts, sqlite.counts);
    assert.match(other.store, /^postgres:\/\/postgres@127\.0\.0\.1:\d+\/shop_1$/, 'without the password');
  };
  counted('interactions', 'full', 'first.csv');
  counted('interactions', 'incremental', 'second.csv');
  counted('items', 'full', 'items.csv');
  counted('items', 'incremental', 'items.csv');
  counted('users', 'full', 'users.csv');
});

test('train writes the same bundle, byte by byte; evaluate and update tell the same', { skip }, () => {
  for (const recipe of ['sims', 'popularity-count']) {
    withEach('train', '--store', 'STORE', '--recipe', recipe, '--validation', 'none', '--output', file('ENGINE.attune'));
    sameFiles('ENGINE.attune');
  }
  withEach('evaluate', '--store', 'STORE', '--recipe', 'popularity-count', '--protocol', 'leave-one-out', '--report', file('ENGINE.json'));
  const [sqlite, other] = ['sqlite', 'postgres'].map((engine) => JSON.parse(readFileSync(file(`${engine}.json`), 'utf8')).metrics);
  assert.ok(Object.keys(sqlite).length > 0);
  assert.deepEqual(other, sqlite);
  withEach('update', '--store', 'STORE', '--bundle', file('ENGINE.attune'), '--output', file('ENGINE-2.attune'));
  sameFiles('ENGINE-2.attune');
});

test('recommend reads histories from PostgreSQL', { skip }, () => {
  const lines = readFileSync(file('users.csv'), 'utf8').split('\n').slice(1, 20);
  writeFileSync(file('requests.jsonl'), lines.map((line) => `${JSON.stringify({ userId: line.split(',')[0] })}\n`).join(''));
  withEach('recommend', '--bundle', file('ENGINE.attune'), '--store', 'STORE', '--input', file('requests.jsonl'), '--output', file('ENGINE.jsonl'));
  sameFiles('ENGINE.jsonl');
});

test('export tells of a user and delete-user deletes alike; publish --store knows of it', { skip }, () => {
  const [user, other] = readFileSync(file('users.csv'), 'utf8').split('\n').slice(1, 3).map((line) => line.split(',')[0]);
  withEach('export', '--store', 'STORE', '--user-id', user, '--output', file('ENGINE.jsonl'));
  sameFiles('ENGINE.jsonl');
  assert.ok(readFileSync(file('sqlite.jsonl'), 'utf8').split('\n').length > 3);
  const said = withEach('delete-user', '--store', 'STORE', '--user-id', user, '--json');
  const { keptElsewhere, ...deleted } = JSON.parse(said.postgres);
  assert.deepEqual(deleted, JSON.parse(said.sqlite));
  assert.ok(deleted.users === 1 && deleted.interactions > 0);
  assert.match(keptElsewhere, /write-ahead log .* backups/);
  assert.deepEqual(withEach('export', '--store', 'STORE', '--user-id', user), { sqlite: '', postgres: '' });
  assert.match(withEach('delete-user', '--store', 'STORE', '--user-id', other).postgres, /\nNot reached: the server's write-ahead log/);

  withEach('keygen', '--output', file('ENGINE.key'));
  const publish = (store, bundle) => attune('publish', '--bundle', file(bundle), '--to', file(`public-${store}`), '--key', file(`${store}.key`), '--store', stores[store]);
  for (const engine of ['sqlite', 'postgres']) {
    const refused = publish(engine, `${engine}.attune`);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /learned before users were deleted/);
  }
  withEach('train', '--store', 'STORE', '--recipe', 'sims', '--validation', 'none', '--output', file('ENGINE.attune'));
  for (const [store, bundle] of [['sqlite', 'postgres.attune'], ['postgres', 'sqlite.attune']]) {
    const refused = publish(store, bundle);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /\.attune: it was learned from another store/);
    assert.equal(publish(store, `${store}.attune`).code, 0);
  }
});

test('tracker makes, lists and removes keys in PostgreSQL', { skip }, () => {
  const [store] = [stores.postgres];
  assert.equal(attune('tracker', '--store', store, '--create', 'web', '--origin', 'https://a.example').code, 0);
  const { eventTrackers: [web] } = JSON.parse(attune('tracker', '--store', store, '--json').out);
  assert.deepEqual([web.name, web.origins], ['web', ['https://a.example']]);
  assert.equal(attune('tracker', '--store', store, '--remove', web.key).code, 0);
  const again = attune('tracker', '--store', store, '--remove', web.key);
  assert.equal(again.code, 2);
  assert.ok(!again.err.includes(new URL(store).password), again.err);
});

test('a database without a store is told by every command that only reads', { skip }, () => {
  const empty = postgres.database();
  for (const words of [['train', '--recipe', 'sims', '--output', file('no.attune')], ['evaluate', '--recipe', 'sims', '--protocol', 'leave-one-out'], ['tracker']]) {
    const { code, err } = attune(words[0], '--store', empty, ...words.slice(1));
    assert.equal(code, 2, err);
    assert.match(err, /^attune: no store at postgres:\/\/postgres@[^ ]+: create it with attune import, or give --store\n$/);
  }
});
