// attune serve against those who want too much: sizes, rates, slow and broken senders, and its end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { attune, batch, event, eventually, get, metric, NO_LIMITS, Place, post, start } from './collector.mjs';

let place;
let server;

before(async () => {
  place = new Place();
  server = await start(place, { config: { ...NO_LIMITS, connections: 200 } });
});
after(async () => {
  await server?.stop();
  place?.remove();
});

/** A connection that writes bytes as they are; `said` is all that came back. */
async function raw(bytes, { port = server.port, end = false } = {}) {
  const socket = connect(port, '127.0.0.1');
  const peer = { socket, said: '', closed: once(socket, 'close') };
  socket.on('data', (chunk) => { peer.said += chunk; });
  socket.on('error', () => {}); // a refusal may come as a reset
  await once(socket, 'connect');
  socket.write(bytes);
  if (end) socket.end();
  return peer;
}

/** What is said until the peer closes. */
async function answerTo(bytes) {
  const peer = await raw(bytes);
  await peer.closed;
  return peer.said;
}

const HEAD = 'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

test('a header over 16 KiB is 431', async () => {
  const said = await answerTo(`${HEAD}X-Long: ${'x'.repeat(17_000)}\r\n\r\n`);
  assert.match(said, /^HTTP\/1\.1 431 /);
  assert.match(said, /"__type":"RequestHeaderFieldsTooLargeException"/);
});

test('a body over 512 KiB is 413, announced, in chunks or inflated', async () => {
  assert.match(await answerTo(`${HEAD}Content-Length: 524289\r\n\r\n`), /^HTTP\/1\.1 413 /);
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  assert.match(await answerTo(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(9)}0\r\n\r\n`), /^HTTP\/1\.1 413 /);
  const bomb = await post(`${server.url}/v1/events`, gzipSync(Buffer.alloc(64 << 20)), { 'content-encoding': 'gzip' });
  assert.equal(bomb.status, 413);
  const fitting = `{"a":"${'x'.repeat(524_288 - 8)}"}`;
  assert.equal((await post(`${server.url}/v1/events`, fitting)).status, 400);
});

test('what could mean two things to two servers is refused', async () => {
  for (const bytes of [
    `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`,
    `${HEAD}Content-Length: -1\r\n\r\n`,
    `${HEAD}Content-Length : 2\r\n\r\n{}`,
    `${HEAD}Content-Length: 2\r\nX-Folded: a\r\n b\r\n\r\n{}`,
    `${HEAD}Content-Length: 2\r\nX-Folded: a\r\n\t\r\n\r\n{}`,
    'POST /v1/events HTTP/1.1\nHost: x\n\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ]) {
    assert.match(await answerTo(bytes), /^HTTP\/1\.1 400 [\s\S]*InvalidInputException/, JSON.stringify(bytes));
  }
});

test('a header in two lines is told in one, also when it comes in pieces', async () => {
  const peer = await raw('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n');
  await new Promise((resume) => setTimeout(resume, 50));
  peer.socket.write(' b\r\n\r\n');
  await peer.closed;
  assert.match(peer.said, /^HTTP\/1\.1 400 [\s\S]*"a line of the header begins with a space or a tab: write each field in one line"/);
  assert.match(await answerTo('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Spaces:   a b  \r\n\r\n'), /^HTTP\/1\.1 200 /);
});

test('requests in a row on one connection are answered in order', async () => {
  const one = (id) => {
    const body = JSON.stringify(batch(place.key, [event(id)]));
    return `${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  const peer = await raw(`${one('r1')}${one('r2')}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await peer.closed;
  assert.deepEqual(peer.said.match(/"eventId":"r\d"|ok\n$/g), ['"eventId":"r1"', '"eventId":"r2"', 'ok\n']);
});

test('a client that asks before it sends is told to go on', async () => {
  const peer = await raw(`${HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
  assert.ok(await eventually(() => peer.said.includes('100 Continue')));
  peer.socket.write('{}');
  assert.ok(await eventually(() => peer.said.includes('400 Bad Request')));
  peer.socket.destroy();
});

test('slow senders are cut off while others are served', async () => {
  const slow = await Promise.all(Array.from({ length: 100 }, (_, i) =>
    raw(i % 2 ? `${HEAD}X-A: b\r\n` : 'POST')));
  const begun = Date.now();
  const drip = setInterval(() => slow.forEach(({ socket }) => socket.write('X')), 1000);
  while (Date.now() - begun < 4000) {
    const sent = Date.now();
    assert.equal((await post(`${server.url}/v1/events`, batch(place.key, [event(`h${sent}`)]))).status, 200);
    assert.ok(Date.now() - sent < 3000, 'an honest request waits for no slow one');
  }
  await Promise.all(slow.map(({ closed }) => closed));
  clearInterval(drip);
  assert.ok(Date.now() - begun > 8000 && Date.now() - begun < 20_000, `${Date.now() - begun} ms`);
  assert.ok(await metric(server, 'attune_timeouts_total') >= 100);
});

test('connections over the limit are closed, and the server goes on', async () => {
  const held = await Promise.all(Array.from({ length: 230 }, () => raw('')));
  assert.ok(await eventually(() => held.filter(({ socket }) => socket.destroyed || socket.readableEnded).length >= 30));
  for (const { socket } of held) socket.destroy();
  assert.ok(await eventually(async () => (await get(`${server.url}/healthz`).catch(() => ({}))).status === 200));
});

test('a user has a limit of events, whatever a request brings, which trusted trackers do not have', async () => {
  const own = new Place();
  const trusted = JSON.parse(attune('tracker', '--store', own.store, '--create', 'backend', '--trusted', '--json').out).trackingId;
  const limited = await start(own, { config: { rateLimits: { perUser: { eventsPerMinute: 6, burst: 3 } } } });
  let count = 0;
  const send = async (userId, events, key = own.key) => await post(`${limited.url}/v1/events`,
    batch(key, Array.from({ length: events }, () => event(`u${++count}`, { userId }))));
  assert.equal((await send('a', 5)).status, 200, 'more than are left, and waited for afterwards');
  const refused = await send('a', 1);
  assert.equal(refused.status, 429);
  assert.deepEqual(refused.json, { __type: 'ThrottlingException', message: 'too many events of one user' });
  const wait = Number(refused.headers.get('retry-after'));
  assert.ok(wait > 20 && wait <= 30, `${wait} s`);
  assert.equal((await send('b', 1)).status, 200, 'another user has a limit of his own');
  const both = batch(own.key, [event('of-a', { userId: 'a' }), event('of-b', { userId: 'b' })]);
  for (let i = 0; i < 3; i++) assert.equal((await post(`${limited.url}/v1/events`, both)).status, 429, 'all of a request or nothing');
  assert.equal((await send('b', 2)).status, 200, 'and what was refused did not count');
  for (let i = 0; i < 3; i++) assert.equal((await send('a', 5, trusted)).status, 200);
  const put = { trackingId: own.key, userId: 'a', sessionId: 's', eventList: [{ eventType: 'click', itemId: 'i', sentAt: Date.now() / 1000 }] };
  assert.equal((await post(`${limited.url}/events`, put)).status, 429);
  assert.equal(await metric(limited, 'attune_throttled_requests_total{limit="user"}'), 5);
  assert.equal(await metric(limited, 'attune_throttled_requests_total{limit="tracker"}'), 0);
  await limited.stop();
  own.remove();
});

test('an address and a tracker have their limits, told with Retry-After', async () => {
  const slow = { requestsPerSecond: 0.5, burst: 3 };
  for (const rateLimits of [{ perAddress: slow }, { perTracker: slow }]) {
    const own = new Place();
    const limited = await start(own, { config: { rateLimits } });
    const codes = [];
    let last;
    for (let i = 0; i < 5; ++i) {
      last = await post(`${limited.url}/v1/events`, batch(own.key, [event(`l${i}`)]));
      codes.push(last.status);
    }
    assert.deepEqual(codes, [200, 200, 200, 429, 429]);
    assert.equal(last.json.__type, 'ThrottlingException');
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
    assert.equal((await get(`${limited.url}/readyz`)).status, 200);
    await limited.stop();
    own.remove();
  }
});

test('while the disk has less room than must stay free nothing is taken', async () => {
  const own = new Place();
  const full = await start(own, { config: { minFreeMegabytes: 1e9 } });
  const refused = await post(`${full.url}/v1/events`, batch(own.key, [event('d1')]));
  assert.equal(refused.status, 503);
  assert.equal(refused.json.__type, 'ServiceUnavailableException');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.equal((await get(`${full.url}/readyz`)).status, 503);
  await full.stop();
  own.remove();
});

test('behind a named proxy each client has a limit of its own', async () => {
  const own = new Place();
  const config = { rateLimits: { perAddress: { requestsPerSecond: 0.1, burst: 1 } }, proxies: ['127.0.0.1'] };
  const limited = await start(own, { config });
  const from = async (address) => (await post(`${limited.url}/v1/events`, batch(own.key, [event(address)]),
    { 'x-forwarded-for': address })).status;
  assert.deepEqual([await from('9.9.9.9, 1.1.1.1'), await from('8.8.8.8, 1.1.1.1'), await from('2.2.2.2')], [200, 429, 200]);
  await limited.stop();
  own.remove();
});

test('told to end, it answers what is under way, takes nothing new and exits 0', async () => {
  const own = new Place();
  const ending = await start(own, { config: NO_LIMITS });
  const idle = await raw('', { port: ending.port });
  const body = JSON.stringify(batch(own.key, [event('late')]));
  const half = await raw(`${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 30)}`, { port: ending.port });
  await new Promise((resume) => setTimeout(resume, 200));
  ending.child.kill('SIGTERM');
  await idle.closed;
  await assert.rejects(fetch(`${ending.url}/healthz`));
  half.socket.write(body.slice(30));
  await half.closed;
  assert.match(half.said, /^HTTP\/1\.1 200 [\s\S]*Connection: close[\s\S]*"status":"stored"/);
  const [code] = await ending.exit;
  assert.equal(code, 0);
  const again = await start(own, { config: NO_LIMITS });
  assert.equal((await post(`${again.url}/v1/events`, body)).json.results[0].status, 'duplicate');
  assert.equal(await again.stop('SIGINT'), 0);
  own.remove();
});

test('a sender that never finishes does not keep it from ending', async () => {
  const own = new Place();
  const ending = await start(own, { config: NO_LIMITS });
  await raw(`${HEAD}Content-Length: 100\r\n\r\n{`, { port: ending.port });
  await new Promise((resume) => setTimeout(resume, 200));
  const begun = Date.now();
  assert.equal(await ending.stop(), 0);
  assert.ok(Date.now() - begun < 15_000);
  own.remove();
});
