// attune serve on PostgreSQL: what it acknowledged is there, whichever of the two is killed.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';

import { attune, batch, event, eventually, get, metric, NO_LIMITS, Place, post, start } from './collector.mjs';
import { killManyTimes, Oracle } from './collector-oracle.mjs';
import { PostgresServer } from './postgres.mjs';

const CYCLES = Number(process.env.ATTUNE_CRASH_CYCLES ?? 30);
const SERVER_KILLS = 3;

const postgres = PostgresServer.start();
const skip = postgres ? false : 'skipped, not there: PostgreSQL';
after(() => postgres?.remove());

const password = postgres && new URL(postgres.url).password;

/** As sqliteFigures() of collector-oracle.mjs; that the store is whole PostgreSQL sees to itself. */
const figures = ({ store }) => {
  const [rows, keys] = postgres.query(store, 'SELECT count(*), count(DISTINCT key) FROM attune.events').split('|');
  return [true, Number(rows), Number(keys)];
};

test(`PostgreSQL, ${CYCLES} times SIGKILL of the collector: nothing acknowledged is lost, nothing is stored twice`, { skip }, async () => {
  const place = new Place(postgres.database());
  await killManyTimes(new Oracle(place, figures), CYCLES);
  place.remove();
});

test('PostgreSQL keeps sources and who is verified, and training leaves out what one network adds', { skip }, async () => {
  const place = new Place(postgres.database());
  const tracker = (...words) => JSON.parse(attune('tracker', '--store', place.store, '--json', ...words).out);
  const [{ key }] = tracker().eventTrackers;
  const { verifySecret } = tracker('--verify-secret', key);
  const trusted = tracker('--create', 'backend', '--trusted').trackingId;
  const server = await start(place, { config: { ...NO_LIMITS, proxies: ['127.0.0.1'] } });
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const tokenOf = (userId) => `${expiry}.${createHmac('sha256', verifySecret).update(`${userId}\n${expiry}`).digest('hex')}`;
  const send = async (of, events) => assert.equal((await post(`${server.url}/v1/events`, batch(of, events), { 'x-forwarded-for': '192.0.2.50' })).status, 200);
  const users = Array.from({ length: 50 }, (_, i) => `swarm-${i}`);
  await send(place.key, users.flatMap((userId) => [
    event(`on-${userId}`, { userId, itemId: 'target' }), event(`sure-${userId}`, { userId, itemId: 'liked', userToken: tokenOf(userId) })]));
  await send(trusted, [event('served', { userId: 'served', itemId: 'liked' })]);
  const { said } = place.popularItems();
  assert.match(said, /protection leaves out 48 interactions: 48 by maxUsersPerSourceAndItem/);
  const exported = attune('export', '--store', place.store, '--user-id', 'swarm-1').out.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(exported.filter(({ type }) => type === 'event').map(({ itemId, verified }) => [itemId, verified]), [['target', false], ['liked', true]]);
  assert.match(exported[0].source, /^[0-9a-f]{16}$/);

  // A user is deleted beside the collector, to which what comes later is new.
  const deleted = attune('delete-user', '--store', place.store, '--user-id', 'swarm-1', '--json');
  assert.equal(deleted.code, 0, deleted.err);
  assert.equal(JSON.parse(deleted.out).events, 2);
  await send(place.key, [event('again', { userId: 'swarm-1', sessionId: 'swarm-session' }), event('later', { sessionId: 'swarm-session' })]);
  assert.equal(attune('export', '--store', place.store, '--user-id', 'swarm-1').out.trimEnd().split('\n').length, 3);
  assert.equal(await server.stop(), 0);
  place.remove();
});

test('two collectors of one database that are sent the same events store each once', { skip }, async () => {
  const place = new Place(postgres.database());
  const servers = await Promise.all([start(place, { config: NO_LIMITS }), start(place, { config: NO_LIMITS })]);
  const said = new Map(); // of each event what was answered, by either
  const sendAll = async (server, backwards) => {
    for (let round = 0; round < 20; ++round) {
      await Promise.all(Array.from({ length: 4 }, async (_, part) => {
        const ids = Array.from({ length: 25 }, (_unused, i) => `e${round}-${part}-${i}`);
        if (backwards) ids.reverse();
        const reply = await post(`${server.url}/v1/events`, batch(place.key, ids.map((id) => event(id, { userId: `u-${id}`, sessionId: `s-${id}` }))));
        assert.equal(reply.status, 200, reply.text);
        for (const { eventId, status } of reply.json.results) said.set(eventId, [...(said.get(eventId) ?? []), status]);
      }));
    }
  };
  await Promise.all([sendAll(servers[0], false), sendAll(servers[1], true)]);
  assert.equal(said.size, 2000);
  for (const [id, statuses] of said) {
    assert.equal(statuses.length, 2, id);
    assert.equal(statuses.filter((status) => status === 'duplicate').length, 1, `${id}: ${statuses}`);
  }
  assert.deepEqual(figures(place), [true, 2000, 2000]);
  const stored = await Promise.all(servers.map((server) => metric(server, 'attune_events_total{result="stored"}')));
  assert.equal(stored[0] + stored[1], 2000);
  assert.equal(await metric(servers[0], 'attune_store_failures_total') + await metric(servers[1], 'attune_store_failures_total'), 0);
  // A key that the command makes is known to both within moments.
  const second = place.newKey('second');
  for (const server of servers) {
    assert.ok(await eventually(async () => (await post(`${server.url}/v1/events`, batch(second, [event('new')]))).status === 200));
    assert.equal(await server.stop(), 0);
  }
  place.remove();
});

test(`SIGKILL of PostgreSQL itself under load, ${SERVER_KILLS} times: red, then green again without a restart, nothing lost`, { skip }, async () => {
  const place = new Place(postgres.database());
  const oracle = new Oracle(place, figures);
  const server = await start(place, { config: NO_LIMITS });
  const end = oracle.sendToEnd(server.url);
  const isReady = async () => (await get(`${server.url}/readyz`)).status === 200;
  for (let kill = 0; kill < SERVER_KILLS; ++kill) {
    const before = oracle.acknowledged.size;
    assert.ok(await eventually(() => oracle.acknowledged.size > before + 50, 60), 'it acknowledges');
    postgres.kill();
    assert.ok(await eventually(async () => !(await isReady())), '/readyz is red');
    postgres.restart();
    assert.ok(await eventually(isReady, 60), '/readyz is green again');
  }
  const before = oracle.acknowledged.size;
  assert.ok(await eventually(() => oracle.acknowledged.size > before + 50, 60), 'it acknowledges again');
  await end();
  assert.ok(oracle.refused > 0);
  await oracle.checkAllKnown(server.url);
  oracle.check();
  assert.match(server.log, /"event":"the store failed"/);
  assert.match(server.log, /"event":"the store works again"/);
  assert.ok(!server.log.includes(password), 'the password is in the log');
  assert.equal(await server.stop(), 0);
  place.remove();
});

test('without events, too, a collector sees that PostgreSQL is gone and that it is back', { skip }, async () => {
  const place = new Place(postgres.database());
  const server = await start(place, { config: NO_LIMITS });
  const status = async () => (await get(`${server.url}/readyz`)).status;
  postgres.kill();
  assert.ok(await eventually(async () => await status() === 503), 'red');
  const [code, stopped] = [await server.stop(), Date.now()];
  assert.equal(code, 0, 'it ends in order while its store is away');
  assert.ok(Date.now() - stopped < 10_000);
  const refused = attune('serve', '--store', place.store, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /^attune: cannot open store postgres:\/\/postgres@127\.0\.0\.1:\d+\/shop_\d+: .*check host and port, and whether the server runs\n$/);
  assert.ok(!refused.err.includes(password));
  postgres.restart();
  place.remove();
});

test('a PostgreSQL that stops in its tracks is given up, and used again when it goes on', { skip }, async () => {
  const place = new Place(postgres.database());
  const server = await start(place, { config: NO_LIMITS });
  const name = new URL(place.store).pathname.slice(1);
  const [pid] = postgres.query(postgres.url, `SELECT pid FROM pg_stat_activity WHERE datname='${name}' AND application_name='attune'`).split('\n');
  process.kill(Number(pid), 'SIGSTOP');
  const reply = await post(`${server.url}/v1/events`, batch(place.key, [event('e1')]));
  assert.equal(reply.status, 503, reply.text);
  assert.match(server.log, /the server has stopped answering/);
  assert.ok(await eventually(async () => (await get(`${server.url}/readyz`)).status === 200), 'a new connection works');
  process.kill(Number(pid), 'SIGCONT');
  assert.ok(await eventually(async () => (await post(`${server.url}/v1/events`, batch(place.key, [event('e1')]))).status === 200));
  assert.equal(await server.stop(), 0);
  assert.deepEqual(figures(place), [true, 1, 1]);
  place.remove();
});

test('a server that does not wait for its disk is refused', { skip }, async () => {
  const place = new Place(postgres.database());
  postgres.query(postgres.url, 'ALTER SYSTEM SET fsync=off');
  postgres.query(postgres.url, 'SELECT pg_reload_conf()');
  assert.ok(await eventually(() => postgres.query(postgres.url, 'SHOW fsync') === 'off'));
  const refused = attune('serve', '--store', place.store, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0');
  assert.equal(refused.code, 2, refused.err);
  assert.match(refused.err, /fsync=off.*set fsync=on in its postgresql\.conf\n$/);
  postgres.query(postgres.url, 'ALTER SYSTEM RESET fsync');
  postgres.query(postgres.url, 'SELECT pg_reload_conf()');
  place.remove();
});
