// Bad input: one clear line on standard error that says what, where and how to mend it, exit code 2,
// and everything as it was before.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { refusal } from './refusal.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');
const sha = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('mistakes on the command line and in files', () => {
  let folder;
  const at = (...names) => join(folder, ...names);
  const attune = (...options) => spawnSync(ATTUNE, options, { encoding: 'utf8' });

  /** Runs a command that must fail and returns its one line. */
  const refused = (...options) => refusal(attune(...options), options.join(' '));

  function succeeds(...options) {
    const { status, stderr } = attune(...options);
    assert.equal(status, 0, stderr);
  }

  const importing = (type, csv, store = at('s.db')) =>
    ['import', '--store', store, '--type', type, '--schema', at(`${type}.avsc`), csv];
  const training = (...options) => ['train', '--store', at('s.db'), '--recipe', 'sims', '--output', at('new.attune'), ...options];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-errors-'));
    execFileSync(ATTUNE, ['synth', '--world', 'shop', '--users', '50', '--items', '40', '--interactions', '2000', '--seed', '1', '--output', folder]);
    succeeds(...importing('items', at('items.csv')));
    succeeds(...importing('interactions', at('interactions.csv')));
    succeeds('train', '--store', at('s.db'), '--recipe', 'sims', '--output', at('m.attune'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('no command, an unknown command and an unknown option', () => {
    refused();
    assert.match(refused('trian'), /did you mean train\?/);
    assert.match(refused('train', '--ouput', 'x'), /did you mean --output\?/);
  });

  test('an unknown recipe, parameter, value out of range and malformed setting', () => {
    assert.match(refused(...training('--recipe', 'smis').filter((word, i, all) => !(word === 'sims' || (word === '--recipe' && all[i + 1] === 'sims')))), /unknown recipe "smis".*did you mean sims\?/);
    assert.match(refused(...training('--set', 'max_neighbors=3')), /did you mean max_neighbours\?/);
    assert.match(refused(...training('--set', 'recency_decay=1.5')), /recency_decay must be a number from 0.01 to 1(\.0)?,.*"1.5"/);
    assert.match(refused(...training('--set', 'recency_decay')), /name=value/);
    assert.match(refused(...training('--include-text', 'TITEL')), /no text column TITEL; it has TITLE/);
    assert.equal(existsSync(at('new.attune')), false);
  });

  test('a wrong schema leaves the store as it was', () => {
    const before = sha(at('s.db'));
    const schema = JSON.parse(readFileSync(at('interactions.avsc'), 'utf8'));
    schema.fields = schema.fields.filter((field) => field.name !== 'TIMESTAMP');
    writeFileSync(at('wrong.avsc'), JSON.stringify(schema));
    assert.match(refused('import', '--store', at('s.db'), '--type', 'interactions', '--schema', at('wrong.avsc'), at('interactions.csv')), /TIMESTAMP/);
    assert.equal(sha(at('s.db')), before);
  });

  test('a missing column leaves the store as it was', () => {
    const before = sha(at('s.db'));
    writeFileSync(at('short.csv'), 'USER_ID,ITEM_ID\nu,i\n');
    assert.match(refused(...importing('interactions', at('short.csv'))), /missing the following columns:.*TIMESTAMP/);
    assert.equal(sha(at('s.db')), before);
  });

  test('too many bad rows leave the store as it was and the bad rows to look at', () => {
    const before = sha(at('s.db'));
    const lines = readFileSync(at('items.csv'), 'utf8').split('\n');
    writeFileSync(at('bad.csv'), [lines[0], ...lines.slice(1, 5), ...lines.slice(5, 9).map((line) => line.replace(/^[^,]*/, ''))].join('\n'));
    assert.match(refused(...importing('items', at('bad.csv'))), /rows are bad/);
    assert.equal(sha(at('s.db')), before);
    assert.equal(readFileSync(at('bad.csv.quarantine.jsonl'), 'utf8').trim().split('\n').length, 4);
  });

  test('empty data: a file without rows, a store without interactions, no store at all', () => {
    writeFileSync(at('empty.csv'), `${readFileSync(at('items.csv'), 'utf8').split('\n')[0]}\n`);
    assert.match(refused(...importing('items', at('empty.csv'))), /no rows/);
    succeeds(...importing('items', at('items.csv'), at('only-items.db')));
    assert.match(refused('train', '--store', at('only-items.db'), '--recipe', 'sims', '--output', at('new.attune')), /no interactions/);
    assert.match(refused('train', '--store', at('none.db'), '--recipe', 'sims', '--output', at('new.attune')), /no store at .*none.db.*attune import/);
    assert.equal(existsSync(at('none.db')), false);
  });

  test('a bundle of another version, a truncated one and a file that is no bundle', () => {
    const bytes = readFileSync(at('m.attune'));
    writeFileSync(at('cut.attune'), bytes.subarray(0, bytes.length - 100));
    assert.match(refused('inspect', at('cut.attune')), /cut.attune: .*(damaged|cut off)/);
    writeFileSync(at('text.attune'), 'hello '.repeat(100));
    assert.match(refused('inspect', at('text.attune')), /not an Attune bundle/);
    assert.match(refused('inspect', at('items.csv')), /not an Attune bundle/);
    assert.match(refused('inspect', at('no.attune')), /cannot read .*no.attune: No such file/);
    // format_major is the root table's second field: found through its vtable, as a reader does.
    const root = bytes.readUInt32LE(0);
    const vtable = root - bytes.readInt32LE(root);
    const other = Buffer.from(bytes);
    other.writeUInt16LE(2, root + bytes.readUInt16LE(vtable + 6));
    writeFileSync(at('v2.attune'), other);
    assert.match(refused('inspect', at('v2.attune')), /another version of the bundle format.*train it anew or update/);
  });

  test('a store that another process is writing', async () => {
    const holder = spawn('python3', ['-c', `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()`, at('s.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => { holder.stdout.once('data', resolve); });
    assert.match(refused(...importing('items', at('items.csv'))), /being written by another process/);
    holder.stdin.end();
    await new Promise((resolve) => { holder.once('exit', resolve); });
    succeeds(...importing('items', at('items.csv')));
  });

  test('a full disk leaves the old bundle and no part of the new one', () => {
    const before = sha(at('m.attune'));
    // A bundle of more than the 48 KiB that may be written; the store's index of its log fits.
    mkdirSync(at('big'));
    succeeds('synth', '--world', 'shop', '--users', '50', '--items', '5000', '--interactions', '20000', '--seed', '1', '--output', at('big'));
    succeeds('import', '--store', at('big.db'), '--type', 'items', '--schema', at('big', 'items.avsc'), at('big', 'items.csv'));
    succeeds('import', '--store', at('big.db'), '--type', 'interactions', '--schema', at('big', 'interactions.avsc'), at('big', 'interactions.csv'));
    const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -f 48; trap "" XFSZ; exec "$0" "$@"', ATTUNE,
      'train', '--store', at('big.db'), '--recipe', 'sims', '--output', at('m.attune')], { encoding: 'utf8' });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^attune: .*m\.attune.*File too large/);
    assert.equal(sha(at('m.attune')), before);
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes('part')), []);
  });

  test('a folder that cannot be written', () => {
    assert.match(refused('train', '--store', at('s.db'), '--recipe', 'sims', '--output', '/proc/no/m.attune'), /\/proc\/no/);
    assert.match(refused(...importing('items', at('items.csv'), '/proc/s.db')), /\/proc\/s\.db/);
    mkdirSync(at('folder'));
    assert.match(refused(...importing('items', at('items.csv'), at('folder'))), /is a folder/);
  });

  test('a filter with a mistake shows where it is', () => {
    const { status, stderr } = attune('recommend', '--bundle', at('m.attune'), '--input', at('items.csv'), '--output', '-', '--filter', 'EXCLUDE ItemID WHERE PRICE > 3');
    assert.equal(status, 2);
    assert.match(stderr, /column 22/);
    assert.equal(stderr.split('\n')[2].indexOf('^') - 2, 21);
  });
});

describe('what a bundle holds', () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-inspect-'));
    const run = (...options) => execFileSync(ATTUNE, options, { stdio: 'pipe' });
    run('synth', '--world', 'shop', '--users', '50', '--items', '40', '--interactions', '2000', '--seed', '1', '--output', folder);
    for (const type of ['items', 'users', 'interactions'])
      run('import', '--store', join(folder, 's.db'), '--type', type, '--schema', join(folder, `${type}.avsc`), join(folder, `${type}.csv`));
    run('train', '--store', join(folder, 's.db'), '--recipe', 'aws-sims', '--include-text', 'TITLE', '--output', join(folder, 'm.attune'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const inspect = (name = 'm.attune') => JSON.parse(execFileSync(ATTUNE, ['inspect', join(folder, name), '--json'], { encoding: 'utf8' }));

  test('inspect tells recipe, columns, sections and where they came from', () => {
    const found = inspect();
    assert.equal(found.recipe, 'sims');
    assert.equal(found.items, 40);
    assert.equal(found.bytes, readFileSync(join(folder, 'm.attune')).length);
    assert.equal(found.sha256, sha(join(folder, 'm.attune')));
    assert.deepEqual(found.columns.map((column) => column.name).sort(), ['CATEGORY_L1', 'CATEGORY_L2', 'CREATION_TIMESTAMP', 'GENDER', 'PRICE', 'PROMOTED', 'STOCK', 'TITLE']);
    assert.ok(found.sections.every((section) => section.intact));
    assert.equal(found.provenance.data.interactions, 2000);
    assert.equal(typeof found.provenance.metrics.normalized_discounted_cumulative_gain_at_10, 'number');
  });

  test('inspect sees a section whose bytes were changed but still make sense', () => {
    const bytes = readFileSync(join(folder, 'm.attune'));
    const weights = inspect().sections.find((section) => section.kind === 'NeighbourWeights');
    const data = bytes.length - Math.max(...inspect().sections.map((section) => Math.ceil((section.offset + section.bytes) / 16) * 16));
    bytes[data + weights.offset] ^= 1;
    writeFileSync(join(folder, 'changed.attune'), bytes);
    assert.deepEqual(inspect('changed.attune').sections.filter((section) => !section.intact).map((section) => section.kind), ['NeighbourWeights']);
  });

  test('no user id is anywhere in a bundle', () => {
    const users = readFileSync(join(folder, 'users.csv'), 'utf8').split('\n').slice(1).map((line) => line.split(',')[0]).filter((id) => id.length > 2);
    const text = readFileSync(join(folder, 'm.attune'), 'latin1');
    for (const id of users) assert.equal(text.includes(id), false, id);
  });
});
