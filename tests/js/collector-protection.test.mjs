// Who is sure, where events come from, and what training leaves out: through the real collector.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { ATTUNE, attune, batch, event, metric, NO_LIMITS, nowSeconds, Place, post, start } from './collector.mjs';
import { refusal } from './refusal.mjs';

let place;
let server;
let secret;

function run(...words) {
  const { code, out, err } = attune(...words);
  assert.equal(code, 0, err);
  return out;
}
const fails = (...words) => refusal(spawnSync(ATTUNE, words, { encoding: 'utf8' }), words.join(' '));
const trackers = () => JSON.parse(run('tracker', '--store', place.store, '--json')).eventTrackers;
/** As a shop's server makes it, by what `attune tracker --help` says. */
const tokenOf = (userId, expiry = Math.floor(nowSeconds()) + 3600, key = secret) =>
  `${expiry}.${createHmac('sha256', key).update(`${userId}\n${expiry}`).digest('hex')}`;
const exported = (userId) => run('export', '--store', place.store, '--user-id', userId).trimEnd().split('\n')
  .map((line) => JSON.parse(line)).filter(({ type }) => type === 'event');
const from = (address) => ({ 'x-forwarded-for': address });
const send = async (events, address, key = place.key) => {
  const reply = await post(`${server.url}/v1/events`, batch(key, events), from(address));
  assert.equal(reply.status, 200, reply.text);
};
/** Trains popularity and gives its report. */
function trained(...more) {
  const report = place.file('report.json');
  const said = attune('train', '--store', place.store, '--recipe', 'popularity-count', '--validation', 'none',
    '--output', place.file('m.attune'), '--report', report, ...more);
  assert.equal(said.code, 0, said.err);
  return { ...JSON.parse(readFileSync(report, 'utf8')), said: said.err };
}

before(async () => {
  place = new Place();
  const [{ key }] = trackers();
  secret = JSON.parse(run('tracker', '--store', place.store, '--verify-secret', key, '--json')).verifySecret;
  server = await start(place, { config: { ...NO_LIMITS, proxies: ['127.0.0.1'] } });
});
after(async () => {
  await server?.stop();
  place?.remove();
});

test('a token makes its user verified; a wrong, late or foreign one makes nobody so', async () => {
  const events = [
    ['right', tokenOf('right')],
    ['wrong', tokenOf('wrong', undefined, 'ats_guess')],
    ['late', tokenOf('late', Math.floor(nowSeconds()) - 10)],
    ['foreign', tokenOf('right')],
    ['none', undefined],
  ].map(([userId, userToken]) => event(`token-${userId}`, { userId, userToken }));
  await send(events, '192.0.2.1');
  const verified = events.filter(({ userId }) => exported(userId)[0].verified).map(({ userId }) => userId);
  assert.deepEqual(verified, ['right']);
  assert.equal(await metric(server, 'attune_events_verified_total'), 1);
  assert.equal(await metric(server, 'attune_user_tokens_wrong_total'), 3);
});

test('PutEvents takes a token beside its userId', async () => {
  const body = { trackingId: place.key, userId: 'put', sessionId: 's', userToken: tokenOf('put'),
    eventList: [{ eventType: 'click', itemId: 'i1', sentAt: nowSeconds() }] };
  assert.equal((await post(`${server.url}/events`, body, from('192.0.2.1'))).status, 200);
  assert.equal(exported('put')[0].verified, true);
});

test('a source is a network, and neither the store nor an export has the address', async () => {
  await send([event('near-1', { userId: 'near-1' })], '198.51.100.7');
  await send([event('near-2', { userId: 'near-2' })], '198.51.100.200');
  await send([event('far', { userId: 'far' })], '203.0.113.9');
  const [near, near2, far] = ['near-1', 'near-2', 'far'].map((id) => exported(id)[0].source);
  assert.match(near, /^[0-9a-f]{16}$/);
  assert.equal(near2, near);
  assert.notEqual(far, near);
  assert.equal((await post(`${server.url}/v1/events`, batch(place.key, [event('here', { userId: 'here' })]))).status, 200);
  assert.equal(exported('here')[0].source, undefined, 'this machine itself');
  for (const part of ['', '-wal']) {
    const bytes = readFileSync(place.store + part);
    for (const address of ['198.51.100', '203.0.113', '127.0.0.1']) assert.ok(!bytes.includes(address));
  }
});

test('events of a trusted tracker are of verified users', async () => {
  const key = JSON.parse(run('tracker', '--store', place.store, '--create', 'backend', '--trusted', '--json')).trackingId;
  assert.deepEqual(trackers().map(({ name, verifies, trusted }) => [name, verifies, trusted]),
    [['backend', false, true], ['shop', true, false]]);
  for (let i = 0; i < 40; i++) {
    if ((await post(`${server.url}/v1/events`, batch(key, [event('backend', { userId: 'served' })]))).status === 200) break;
    await new Promise((resume) => setTimeout(resume, 100)); // the collector sees new keys within a second or two
  }
  assert.equal(exported('served')[0].verified, true);
  assert.match(fails('tracker', '--store', place.store, '--create', 'x', '--trusted', '--origin', 'https://a.example'), /--trusted/);
  assert.match(fails('tracker', '--store', place.store, '--verify-secret', 'abc'), /has no key abc/);
});

test('training leaves out what one network adds, says how much, and lists it on demand', async () => {
  const users = Array.from({ length: 300 }, (_, i) => `swarm-${i}`);
  await send(users.map((userId) => event(`on-${userId}`, { userId, itemId: 'target' })), '192.0.2.50');
  await send(users.map((userId) => event(`sure-${userId}`, { userId, itemId: 'liked', userToken: tokenOf(userId) })), '192.0.2.50');
  const leftOut = place.file('left-out.jsonl');
  const { protection, said } = trained('--left-out', leftOut);
  assert.equal(protection.leftOut.maxUsersPerSourceAndItem, 298 + 2); // two more met i1 before
  assert.match(said, /^protection leaves out 300 interactions: 300 by maxUsersPerSourceAndItem$/m);
  assert.ok(protection.verified >= 300 && protection.collected > 600);
  const lines = readFileSync(leftOut, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  const target = lines.find(({ itemId }) => itemId === 'target');
  assert.deepEqual([target.rule, target.events], ['maxUsersPerSourceAndItem', 298]);
  assert.match(target.day, /^20\d\d-\d\d-\d\d$/);
  assert.ok(!readFileSync(place.file('report.json'), 'utf8').includes('swarm-'));
  const config = (protection) => place.file('config.json', JSON.stringify({ protection }));
  const off = trained('--config', config(false));
  assert.equal(Object.values(off.protection.leftOut).reduce((sum, one) => sum + one), 0);
  assert.equal(trained('--config', config({ maxUsersPerSourceAndItem: 100 })).protection.leftOut.maxUsersPerSourceAndItem, 200);
  const provenance = JSON.parse(run('inspect', place.file('m.attune'), '--json')).provenance;
  assert.deepEqual(provenance.events, { protection: { maxUsersPerSourceAndItem: 100 } });
  const updated = attune('update', '--store', place.store, '--bundle', place.file('m.attune'), '--output', place.file('m2.attune'));
  assert.match(updated.err, /leaves out 200 interactions/);
});

test('mistakes in the configuration are told in one line', () => {
  const train = (protection) => fails('train', '--store', place.store, '--recipe', 'sims', '--validation', 'none', '--output', place.file('x.attune'),
    '--config', place.file('config.json', JSON.stringify({ protection })));
  assert.match(train({ maxEventPerUser: 1 }), /protection: unknown key "maxEventPerUser".*maxEventsPerUser/);
  assert.match(train({ maxSourceShare: 2 }), /protection\.maxSourceShare: must be a number from 0 \(no limit\) to 1/);
  assert.match(train({ maxEventsPerUser: 'many' }), /protection\.maxEventsPerUser: "many" is not a number/);
  assert.match(train([]), /protection: expected an object, or false/);
});
