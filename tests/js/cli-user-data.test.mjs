// attune delete-user and attune export by hand, beside the collector, and what is published then.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ATTUNE, attune, batch, event, NO_LIMITS, Place, post, start } from './collector.mjs';
import { refusal } from './refusal.mjs';

let place;
let server;

before(async () => {
  place = new Place();
  const items = Array.from({ length: 12 }, (_, i) => `item-${i}`);
  place.import('users', [['USER_ID', 'string'], ['CITY', ['null', 'string']]],
    ['imported-person,a-city-like-no-other', 'other-1,town']);
  place.import('interactions', [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long'], ['EVENT_TYPE', 'string']],
    [...Array.from({ length: 40 }, (_, user) => [0, 1, 2, 3].map((step) =>
      `other-${user},${items[(user * (step + 1)) % 12]},${1_700_000_000 + 9 * user + step},click`)).flat(),
    'imported-person,item-1,1700000001,click', 'imported-person,item-2,1700000002,click']);
  server = await start(place, { config: NO_LIMITS });
});
after(async () => {
  await server?.stop();
  place?.remove();
});

function run(...words) {
  const { code, out, err } = attune(...words);
  assert.equal(code, 0, err);
  return out;
}
const fails = (...words) => refusal(spawnSync(ATTUNE, words, { encoding: 'utf8' }), words.join(' '));
const train = (recipe, name) => run('train', '--store', place.store, '--recipe', recipe, '--validation', 'none',
  '--output', place.file(name), '--report', place.file(`${name}.json`), ...(recipe === 'user-personalization' ? ['--set', 'epochs=1'] : []));
const publish = (name, ...more) =>
  ['publish', '--bundle', place.file(name), '--to', place.file('public'), '--key', place.file('key'), '--store', place.store, ...more];

/** The files of the folder that hold any of the texts, and which. */
function traces(texts) {
  return readdirSync(place.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.csv'))
    .flatMap((entry) => {
      const bytes = readFileSync(join(entry.parentPath ?? entry.path, entry.name));
      return texts.filter((text) => bytes.includes(text)).map((text) => `${entry.name}: ${text}`);
    });
}

test('a hundred users are exported and deleted while events come in, and no byte of them is left', async () => {
  const people = Array.from({ length: 100 }, (_, i) => `person-no-${String(i).padStart(3, '0')}-`);
  const events = people.flatMap((userId, i) => [
    event(`before-${i}`, { sessionId: `visit-of-${userId}`, anonymousId: `device-of-${userId}`, itemId: `item-${i % 12}` }),
    event(`own-${i}`, { sessionId: `visit-of-${userId}`, anonymousId: `device-of-${userId}`, userId, itemId: `item-${(i + 1) % 12}`, properties: { note: `remark-of-${userId}` } }),
    event(`alone-${i}`, { sessionId: `visit-of-${userId}`, itemId: `seen-only-${i}-` }),
  ]);
  assert.equal((await post(`${server.url}/v1/events`, batch(place.key, events))).status, 200);
  for (const recipe of ['popularity-count', 'sims', 'user-personalization']) train(recipe, `${recipe}.attune`);
  assert.deepEqual(traces(people).filter((found) => !found.startsWith('store.db')), [], 'bundles and reports name no user');

  const lines = run('export', '--store', place.store, '--user-id', people[7]).trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ type }) => type), ['event', 'event', 'event', 'identity', 'identity']);
  assert.deepEqual(lines[1].properties, { note: `remark-of-${people[7]}` });
  assert.equal(lines[2].itemId, 'seen-only-7-');
  assert.equal(lines[3].sessionId, `visit-of-${people[7]}`);

  const gone = [...people, 'imported-person'];
  place.file('ids.txt', `USER_ID\n${gone.join('\n')}\n`);
  let isDone = false;
  const sending = (async () => {
    const replies = [];
    for (let i = 0; !isDone; i++) {
      replies.push((await post(`${server.url}/v1/events`, batch(place.key, [event(`meanwhile-${i}`, { userId: 'other-1' })]))).status);
      await new Promise((resume) => setTimeout(resume, 5));
    }
    return replies;
  })();
  const deleting = spawn(ATTUNE, ['delete-user', '--store', place.store, '--input', place.file('ids.txt'), '--json']);
  let said = '';
  deleting.stdout.on('data', (bytes) => { said += bytes; });
  deleting.stderr.on('data', (bytes) => { said += bytes; });
  const [code] = await new Promise((resolve) => deleting.on('close', (...all) => resolve(all)));
  isDone = true;
  const replies = await sending;
  assert.equal(code, 0, said);
  assert.deepEqual(JSON.parse(said), { asked: 101, users: 101, records: 1, interactions: 2, events: 300, identities: 200 });
  assert.ok(replies.length > 0 && replies.every((status) => status === 200 || status === 503), String(replies));
  place.file('ids.txt', '');
  for (const recipe of ['popularity-count', 'sims', 'user-personalization']) train(recipe, `next-${recipe}.attune`);
  assert.deepEqual(traces([...gone, 'a-city-like-no-other']), []);
  // Earlier bundles have the items; the store and what is trained from it have them no longer.
  assert.deepEqual(traces(['seen-only-']).filter((found) => /^(store|next)/.test(found)), []);
  const { data } = JSON.parse(readFileSync(place.file('next-sims.attune.json'), 'utf8'));
  assert.equal(data.users, 40);
  assert.equal(data.items, 13, 'twelve imported ones and the one of the events sent meanwhile');
});

test('what was learned before a deletion is not published with --store, nor rolled back to', () => {
  run('keygen', '--output', place.file('key'));
  assert.match(fails(...publish('sims.attune')), /sims\.attune: it was learned before users were deleted .* attune train$/);
  assert.ok(!existsSync(place.file('public')));
  const without = (name) => publish(name).slice(0, -2);
  const { code, err } = attune(...without('sims.attune')); // without --store nobody knows
  assert.equal(code, 0, err);
  assert.match(err, /manifest\.json: not checked whether its bundle knows of users who were deleted since: --store does\n$/);
  assert.match(fails(...without('next-sims.attune')), /next-sims\.attune: users were deleted before .*: give --store, .* or --unchecked-deletions$/);
  run(...publish('next-sims.attune'));
  const back = ['rollback', '--to', place.file('public'), '--key', place.file('key')];
  assert.match(fails(...back, '--store', place.store), /learned before users were deleted/);
  assert.match(fails(...back), /users were deleted before from the store of this bundle, or of the one in use/);
  assert.match(fails(...without('sims.attune')), /or of the one in use/);
  assert.equal(attune(...back, '--unchecked-deletions').err, '');
  run('update', '--store', place.store, '--bundle', place.file('user-personalization.attune'), '--output', place.file('updated.attune'));
  assert.match(fails(...publish('updated.attune')), /its weights were learned before users were deleted/);
  run('update', '--store', place.store, '--bundle', place.file('next-user-personalization.attune'), '--output', place.file('updated.attune'));
  run(...publish('updated.attune'));
});

test('a user who is not there is no error, and mistakes are told in one line', () => {
  assert.match(run('delete-user', '--store', place.store, '--user-id', 'nobody'), /^deleted 0 of 1 users/);
  assert.equal(run('export', '--store', place.store, '--user-id', 'nobody'), '');
  assert.match(fails('delete-user', '--store', place.store), /--user-id/);
  assert.match(fails('delete-user', '--store', place.store, '--user-id', ''), /empty/);
  assert.match(fails('delete-user', '--store', place.file('none.db'), '--user-id', 'x'), /none\.db/);
  assert.ok(!existsSync(place.file('none.db')));
  assert.match(fails('delete-user', '--store', place.store, '--input', place.file('bad.txt', 'a\nb,c\n')), /bad\.txt:2: /);
  assert.match(fails('export', '--store', place.store, '--user-id', ''), /empty/);
});

test('an export goes to a file, which is whole or not there', () => {
  const path = place.file('export.jsonl');
  assert.match(run('export', '--store', place.store, '--user-id', 'other-1', '--output', path), /^wrote .*export\.jsonl: \d+ lines/);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines[0], { type: 'user', record: { USER_ID: 'other-1', CITY: 'town' } });
  assert.deepEqual(lines[1], { type: 'interaction', record: { USER_ID: 'other-1', ITEM_ID: 'item-1', TIMESTAMP: 1_700_000_009, EVENT_TYPE: 'click' } });
  assert.match(fails('export', '--store', place.store, '--user-id', 'other-1', '--output', place.file('no/where.jsonl')), /no\/where/);
});
