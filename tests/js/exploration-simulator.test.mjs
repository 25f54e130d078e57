// Exploration on the device, simulated: a shop where a fifth of the items are new, some of them
// good. The same users with greedy lists, lists with explorationWeight 0.3, and lists in which new
// items stand at random: what each earns less than one who knows every item's appeal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { load } from '../../js/dist/node.js';

const ATTUNE = process.env.ATTUNE_BIN ?? fileURLToPath(new URL('../../build/native/attune', import.meta.url));
const kStart = 1_700_000_000;
const kDay = 86_400;
const kKinds = ['tea', 'coffee', 'cake', 'bread', 'jam'];
const kPerKind = 20;
const kNewPerKind = 4; // a fifth
const kUsers = 40;
const kRounds = 150;
const kPlaces = 5;
const kTimeless = 'tea-18'; // has no CREATION_TIMESTAMP

/** Numbers in [0, 1) by a seed (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const items = kKinds.flatMap((kind) => Array.from({ length: kPerKind }, (_, i) => {
  const isNew = i < kNewPerKind;
  // Half of the new items are better than anything there was, the others are bad.
  const appeal = isNew ? (i % 2 === 0 ? 0.6 : 0.02) : 0.05 + 0.25 * (i / kPerKind);
  return { id: `${kind}-${i}`, kind, isNew, appeal };
}));
const byId = new Map(items.map((item) => [item.id, item]));
/** The chance that a user who likes a kind takes an item. */
const chance = (kind, item) => item.appeal * (item.kind === kind ? 1 : 0.1);

let folder;
let recommender;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-simulator-'));
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const schema = (name, fields) => file(`${name}.avsc`, JSON.stringify({
    type: 'record', name, namespace: 'com.amazonaws.personalize.schema', version: '1.0', fields,
  }));
  const text = (name, more) => ({ name, type: 'string', ...more });
  const whole = (name, type = 'long') => ({ name, type });
  const random = randomOf(1);
  const rows = [];
  for (let user = 0; user < 400; user++) {
    const kind = kKinds[user % kKinds.length];
    for (let i = 0; i < 60; i++) {
      const item = items[Math.floor(random() * items.length)];
      if (!item.isNew && random() < 3 * chance(kind, item)) rows.push(`u${user},${item.id},${kStart + (i / 2) * kDay}`);
    }
  }
  const imports = {
    items: [schema('Items', [text('ITEM_ID'), text('KIND', { categorical: true }), whole('CREATION_TIMESTAMP', ['null', 'long'])]),
      file('items.csv', ['ITEM_ID,KIND,CREATION_TIMESTAMP', ...items.map(({ id, kind, isNew }) =>
        `${id},${kind},${id === kTimeless ? '' : kStart + (isNew ? 29 : -500) * kDay}`)].join('\n'))],
    interactions: [schema('Interactions', [text('USER_ID'), text('ITEM_ID'), whole('TIMESTAMP')]),
      file('interactions.csv', ['USER_ID,ITEM_ID,TIMESTAMP', ...rows].join('\n'))],
  };
  const run = (...options) => execFileSync(ATTUNE, options, { cwd: folder, stdio: 'pipe' });
  for (const [type, [avsc, csv]] of Object.entries(imports)) {
    run('import', '--store', 's.db', '--type', type, '--schema', avsc, csv);
  }
  run('train', '--store', 's.db', '--recipe', 'user-personalization', '--validation', 'none', '--threads', '1',
    '--set', 'epochs=20', '--set', 'learning_rate=0.005', '--set', 'hidden_dimension=16', '--set',
    'id_dropout=0.5', '--output', 'model.attune');
  recommender = await load(join(folder, 'model.attune'));
});
after(() => {
  recommender?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const newIds = items.filter(({ isNew }) => isNew).map(({ id }) => id);

/** Mean regret a round, and how often good new items were shown. `listFor` gives a list of ids. */
function simulate(seed, listFor) {
  let regret = 0;
  let good = 0;
  for (let user = 0; user < kUsers; user++) {
    const random = randomOf(1000 * seed + user);
    const kind = kKinds[user % kKinds.length];
    const best = items.map((item) => chance(kind, item)).sort((a, b) => b - a).slice(0, kPlaces)
      .reduce((sum, one) => sum + one, 0);
    const session = recommender.session();
    session.record({ itemId: `${kind}-15`, timestamp: kStart + 29.5 * kDay });
    for (let round = 0; round < kRounds; round++) {
      const timestamp = kStart + 30 * kDay + 60 * round;
      const ids = listFor(session, timestamp, random);
      session.recordImpressions(ids);
      for (const id of ids) {
        const item = byId.get(id);
        regret -= chance(kind, item);
        good += item.isNew && item.kind === kind && item.appeal > 0.5;
        if (random() < chance(kind, item)) session.record({ itemId: id, timestamp });
      }
      regret += best;
    }
    session.dispose();
  }
  return { regret: regret / (kUsers * kRounds), good: good / (kUsers * kRounds) };
}

const listOf = (session, timestamp, options) =>
  session.getRecommendations({ numResults: kPlaces, timestamp, ...options }).itemList;
const greedy = (session, timestamp) => listOf(session, timestamp).map(({ itemId }) => itemId);
const sampled = (weight) => (session, timestamp, random) =>
  listOf(session, timestamp, { explorationWeight: weight, seed: Math.floor(random() * 2 ** 32) })
    .map(({ itemId }) => itemId);
/** A new item at random at three places of ten. */
const uniform = (session, timestamp, random) => {
  const ids = greedy(session, timestamp);
  return ids.map((id) => (random() < 0.3 ? newIds[Math.floor(random() * newIds.length)] : id));
};

test('exploring by belief finds the good new items at less than half of the regret of random ones', (t) => {
  const seeds = [1, 2, 3];
  const of = (policy) => {
    const runs = seeds.map((seed) => simulate(seed, policy));
    const mean = (name) => runs.reduce((sum, run) => sum + run[name], 0) / runs.length;
    return { regret: mean('regret'), good: mean('good') };
  };
  const results = { greedy: of(greedy), sampled: of(sampled(0.3)), uniform: of(uniform) };
  t.diagnostic(JSON.stringify(results));
  assert.ok(results.greedy.good < 0.05, 'greedy lists do not try what nobody had');
  assert.ok(results.sampled.good > 0.8, 'the good new items are found');
  assert.ok(results.sampled.regret < 0.5 * results.uniform.regret);
  assert.ok(results.sampled.regret < results.greedy.regret);
});

test('the chances that are told are those that items are drawn with (chi-square, 100,000 draws)', () => {
  const session = recommender.session();
  session.record({ itemId: 'tea-15', timestamp: kStart + 29.5 * kDay });
  const timestamp = kStart + 30 * kDay;
  const counts = new Map();
  const chances = new Map();
  const kDraws = 100_000;
  for (let seed = 0; seed < kDraws; seed++) {
    const options = { explorationWeight: 0.3, seed, numResults: 1, timestamp };
    const [{ itemId, propensity }] = session.getRecommendations(options).itemList;
    counts.set(itemId, (counts.get(itemId) ?? 0) + 1);
    chances.set(itemId, propensity);
  }
  let square = 0;
  let rest = kDraws;
  let sum = 0;
  for (const [itemId, propensity] of chances) {
    const expected = kDraws * propensity;
    sum += propensity;
    square += (counts.get(itemId) - expected) ** 2 / expected;
    rest -= counts.get(itemId);
  }
  assert.equal(rest, 0);
  assert.ok(sum > 0.999 && sum < 1.000001, `the chances sum to ${sum}`);
  const degrees = chances.size - 1;
  assert.ok(square < degrees + 4 * Math.sqrt(2 * degrees), `chi-square ${square} of ${degrees}`);
  session.dispose();
});

test('weight 0 shows no new item beyond its rank', () => {
  const session = recommender.session();
  session.record({ itemId: 'tea-15', timestamp: kStart + 29.5 * kDay });
  const timestamp = kStart + 30 * kDay;
  for (let seed = 0; seed < 50; seed++) {
    assert.deepEqual(
      listOf(session, timestamp, { explorationWeight: 0, seed }).map(({ itemId }) => itemId),
      greedy(session, timestamp),
    );
  }
});

test('freshness lifts new items, and not one whose time nobody knows', () => {
  const session = recommender.session();
  session.record({ itemId: 'tea-15', timestamp: kStart + 29.5 * kDay });
  const list = listOf(session, kStart + 30 * kDay, { numResults: items.length, freshnessBoost: 10 });
  const ids = list.map(({ itemId }) => itemId);
  assert.deepEqual(new Set(ids.slice(0, newIds.length)), new Set(newIds));
  assert.ok(ids.indexOf(kTimeless) >= newIds.length);
});
