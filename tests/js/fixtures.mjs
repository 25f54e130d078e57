// Bundles for the tests, made by the attune binary from a small catalogue: three groups of items
// whose users keep to their group, one of them with ids that break careless code. They are made
// once and kept in build/ until the binary or this file changes. ATTUNE_BIN names another binary.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');

export const kNastyIds = [
  '🎬',
  '👩‍👩‍👧‍👦 with joiners',
  'שלום עולם',
  'a "quoted" id',
  "it's",
  'line\nbreak',
  'comma, id',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '=1+1',
  '<script>alert(1)</script>',
  'back\\slash',
  'tab\there',
  '\ufeffbyte order mark',
  'é composed',
  'e\u0301 decomposed',
  'x'.repeat(256),
  '🙂'.repeat(64),
];

const plainIds = (letter) => Array.from({ length: 6 }, (_, i) => `${letter}${i + 1}`);

/** Ids of the items by group; users of a group touch no other. */
export const kGroups = { a: plainIds('a'), b: plainIds('b'), nasty: kNastyIds };

/** The items' rows; '' is null. Prices have no short binary form. */
const kItems = [
  ...kGroups.a.map((id, i) => [
    id,
    `Alpha ${i + 1}, "the one"`,
    'drama|comedy',
    1990 + i,
    4.1 + i,
    'true',
  ]),
  ...kGroups.b.map((id, i) => [id, `Bravo ${i + 1}`, 'war', 2000 + i, 0.5, 'false']),
  ...kNastyIds.map((id, i) => [id, i === 0 ? '' : `Nasty ${i}\nsecond line`, '', '', '', '']),
];

const kItemFields = [
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TITLE', type: ['null', 'string'], textual: true },
  { name: 'GENRES', type: ['null', 'string'], categorical: true },
  { name: 'YEAR', type: ['null', 'int'] },
  { name: 'PRICE', type: ['null', 'float'] },
  { name: 'ADULT', type: ['null', 'boolean'] },
];

const kInteractionFields = [
  { name: 'USER_ID', type: 'string' },
  { name: 'ITEM_ID', type: 'string' },
  { name: 'EVENT_TYPE', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
];

/** Ten users a group, each of whom watched all its items but every third, another third each. */
function interactions(groups) {
  const rows = [];
  for (const [group, ids] of Object.entries(groups)) {
    for (let user = 0; user < 10; user++) {
      ids.forEach((id, i) => {
        if (i % 3 !== user % 3)
          rows.push([`${group}-${user}`, id, 'watch', 1_700_000_000 + 60 * rows.length]);
      });
    }
  }
  // Group a is the most popular one: each of its items has three more users.
  for (const id of groups.a) {
    for (let user = 0; user < 3; user++)
      rows.push([`extra-${id}-${user}`, id, 'watch', 1_700_100_000 + user]);
  }
  return rows;
}

function csv(fields, rows) {
  const quoted = (value) => `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '""')}"`;
  const cell = (value) => (/[",\\\n\r]/.test(value) ? quoted(value) : value);
  return [fields.map(({ name }) => name), ...rows]
    .map((row) => `${row.map(cell).join(',')}\n`)
    .join('');
}

const schema = (name, fields) =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'com.amazonaws.personalize.schema',
    fields,
    version: '1.0',
  });

function run(...values) {
  execFileSync(binary, values, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Imports a world into a store in `folder`. */
function importWorld(folder, name, groups) {
  const store = join(folder, `${name}.db`);
  const known = new Set(Object.values(groups).flat());
  const datasets = [
    ['items', 'Items', kItemFields, kItems.filter(([id]) => known.has(id))],
    ['interactions', 'Interactions', kInteractionFields, interactions(groups)],
  ];
  for (const [type, title, fields, rows] of datasets) {
    const file = join(folder, `${name}-${type}`);
    writeFileSync(`${file}.avsc`, schema(title, fields));
    writeFileSync(`${file}.csv`, csv(fields, rows));
    run('import', '--store', store, '--type', type, '--schema', `${file}.avsc`, `${file}.csv`);
  }
  return store;
}

function train(folder, store, recipe, name, ...more) {
  const output = join(folder, `${name}.attune`);
  run(
    'train',
    '--store',
    store,
    '--recipe',
    recipe,
    '--include-text',
    'TITLE',
    '--output',
    output,
    ...more,
  );
}

const kQueryUserFields = [
  { name: 'USER_ID', type: 'string' },
  { name: 'TASTE', type: 'string', categorical: true },
  { name: 'AGE', type: ['null', 'int'] },
  { name: 'MEMBER', type: 'boolean' },
  { name: 'NOTE', type: 'string' },
];
const kQueryInteractionFields = [
  { name: 'USER_ID', type: 'string' },
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
  { name: 'DEVICE', type: ['null', 'string'], categorical: true },
];

/** Users of a TASTE take that taste's five items of the DEVICE of the moment: `tv-red-3`. */
function makeQueryWorld(folder) {
  const users = [];
  const rows = [];
  let state = 5;
  const chance = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let user = 0; user < 160; user++) {
    const taste = user % 2 ? 'red' : 'blue';
    users.push([`u${user}`, taste, user % 2 ? 50 + (user % 7) : 20 + (user % 7), 'true', 'a note']);
    for (let i = 0; i < 10; i++) {
      const device = chance() < 0.5 ? 'phone' : 'tv';
      const item = `${device}-${taste}-${Math.floor(5 * chance())}`;
      rows.push([`u${user}`, item, 1_700_000_000 + 1000 * i + user, device]);
    }
  }
  const store = join(folder, 'query.db');
  for (const [type, title, fields, all] of [
    ['users', 'Users', kQueryUserFields, users],
    ['interactions', 'Interactions', kQueryInteractionFields, rows],
  ]) {
    const file = join(folder, `query-${type}`);
    writeFileSync(`${file}.avsc`, schema(title, fields));
    writeFileSync(`${file}.csv`, csv(fields, all));
    run('import', '--store', store, '--type', type, '--schema', `${file}.avsc`, `${file}.csv`);
  }
  trainQueries(store, join(folder, 'query.attune'));
}

/**
 * Users take the five `early` items before noon and the `late` ones after it, others after a pause of
 * days than after one of hours: `late-back-3`.
 */
function makeClockWorld(folder) {
  const rows = [];
  let state = 9;
  const below = (count) =>
    Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * count);
  for (let user = 0; user < 160; user++) {
    let time = 1_700_000_000 + below(86_400 * 10);
    for (let i = 0; i < 10; i++) {
      const short = below(2) === 0;
      time += short ? 3600 + below(80_000) : 86_400 * 4 + below(86_400 * 5);
      const hours = time % 86_400 < 43_200 ? 'early' : 'late';
      rows.push([`u${user}`, `${hours}-${short || i === 0 ? 'on' : 'back'}-${below(5)}`, time]);
    }
  }
  const store = join(folder, 'clock.db');
  const fields = kQueryInteractionFields.slice(0, 3);
  const file = join(folder, 'clock-interactions');
  writeFileSync(`${file}.avsc`, schema('Interactions', fields));
  writeFileSync(`${file}.csv`, csv(fields, rows));
  run('import', '--store', store, '--type', 'interactions', '--schema', `${file}.avsc`, `${file}.csv`);
  trainQueries(store, join(folder, 'clock.attune'), 'automatic_context=true');
}

/** user-personalization, with enough passes for what a request says to be learned. */
function trainQueries(store, output, ...more) {
  const settings = 'hidden_dimension=16 epochs=150 patience=100 learning_rate=0.01 weight_averaging=0.9';
  run(
    ...['train', '--store', store, '--recipe', 'user-personalization', '--validation', 'none'],
    ...[...settings.split(' '), ...more].flatMap((setting) => ['--set', setting]),
    ...['--output', output],
  );
}

function make(folder) {
  makeQueryWorld(folder);
  makeClockWorld(folder);
  const shop = importWorld(folder, 'shop', kGroups);
  train(folder, shop, 'sims', 'sims', '--set', 'min_cointeraction_count=1');
  train(folder, shop, 'popularity-count', 'popularity');
  // Another catalogue: group b is gone and the numbers of the others have changed.
  const later = importWorld(folder, 'later', {
    a: ['a0', ...kGroups.a.slice(2)],
    c: plainIds('c'),
  });
  train(folder, later, 'sims', 'later', '--set', 'min_cointeraction_count=1');
}

/** Where the bundles lie; makes them when they are not there yet. */
function bundleFolder() {
  if (!existsSync(binary)) {
    throw new Error(
      `${binary} is missing: make it with "cmake --preset native && cmake --build --preset native"`,
    );
  }
  const hash = createHash('sha256')
    .update(readFileSync(binary))
    .update(readFileSync(fileURLToPath(import.meta.url)));
  const parent = join(root, 'build/js-fixtures');
  const folder = join(parent, hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(parent, { recursive: true });
  const fresh = mkdtempSync(join(parent, 'making-'));
  make(fresh);
  try {
    renameSync(fresh, folder);
  } catch {
    rmSync(fresh, { recursive: true }); // another test file was faster
  }
  return folder;
}

const folder = bundleFolder();

/**
 * Paths of the bundles: recipe sims, recipe popularity-count, sims on a later catalogue, and
 * user-personalization with user metadata and context, and with automatic context.
 */
export const bundles = {
  sims: join(folder, 'sims.attune'),
  popularity: join(folder, 'popularity.attune'),
  later: join(folder, 'later.attune'),
  query: join(folder, 'query.attune'),
  clock: join(folder, 'clock.attune'),
};

/** The package as its users get it, and parts of it that only tests look into. */
export const dist = new URL('../../js/dist/', import.meta.url);
export const wasmUrl = new URL('attune.wasm', dist);

/** An AttuneError of that code whose message matches. */
export function errorOf(code, message = /(?:)/) {
  return (error) =>
    error.name === 'AttuneError' && error.code === code && message.test(error.message);
}

export const kExcludeSeen = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';

/** A list of a fake or real recommender as ids only. */
export const idsOf = ({ itemList }) => itemList.map(({ itemId }) => itemId);
