// attune serve as its clients see it: what is taken, what is refused, and who may.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { attune, batch, event, eventually, get, metric, nowSeconds, NO_LIMITS, ORIGIN, Place, post, start } from './collector.mjs';

const ARN = 'arn:aws:personalize:us-east-1:123456789012:dataset/g/';

let place;
let server;
const v1 = (body, headers) => post(`${server.url}/v1/events`, body, headers);
const put = (body, headers) => post(`${server.url}/events`, body, headers);
const putEvents = (more = {}, of = {}) => ({
  trackingId: place.key, sessionId: 's1', userId: 'u1',
  eventList: [{ eventType: 'click', sentAt: nowSeconds(), itemId: 'i1', ...of }], ...more,
});

before(async () => {
  place = new Place();
  place.import('items', [['ITEM_ID', 'string'], ['PRICE', ['null', 'float']], ['NUM_RATINGS', ['null', 'int']]],
    ['i1,9.5,3', 'i2,,']);
  server = await start(place, { config: NO_LIMITS });
});
after(async () => {
  await server?.stop();
  place?.remove();
});

test('a batch is stored once, event by event', async () => {
  const first = await v1(batch(place.key, [event('a1'), event('a2', { userId: 'u1', anonymousId: 'd1' })]));
  assert.equal(first.status, 200, first.text);
  assert.deepEqual(first.json, {
    accepted: 2, results: [{ eventId: 'a1', status: 'stored' }, { eventId: 'a2', status: 'stored' }],
  });
  assert.match(first.headers.get('x-amzn-requestid'), /^[0-9a-f-]{36}$/);
  const again = await v1(batch(place.key, [event('a2'), event('a3'), event('a3')]));
  assert.deepEqual(again.json.results.map(({ status }) => status), ['duplicate', 'stored', 'duplicate']);
});

test('a batch with faulty events stores the others and says which', async () => {
  const reply = await v1(batch(place.key, [event('b1'), event('b2', { eventType: '' }), event('b3')]));
  assert.equal(reply.status, 207);
  assert.equal(reply.json.accepted, 2);
  assert.deepEqual(reply.json.results[1], {
    eventId: 'b2', status: 'rejected', code: 'InvalidInputException', message: 'events[1].eventType is empty',
  });
  const none = await v1(batch(place.key, [event('b4', { sessionId: 5 })]));
  assert.equal(none.status, 207);
  assert.equal(none.json.accepted, 0);
});

test('schemas/event.schema.json says what is taken, to the last character', async () => {
  const schema = JSON.parse(readFileSync(new URL('../../schemas/event.schema.json', import.meta.url)));
  const { event: one, id, time } = schema.$defs;
  const whole = (prototype) => ({ ...event(`s${Math.random()}`), ...prototype });
  const verdict = async (entry) => (await v1(batch(place.key, [entry]))).json.results[0].status;
  assert.equal(await verdict(whole({})), 'stored');
  for (const name of one.required) assert.equal(await verdict(whole({ [name]: undefined })), 'rejected', name);
  for (const [name, of] of Object.entries(one.properties)) {
    const { maxLength } = of.$ref === '#/$defs/id' ? id : of;
    if (!maxLength || name === 'properties') continue;
    const text = (length) => `${name}${Math.random()}`.slice(0, length).padEnd(length, 'x');
    assert.equal(await verdict(whole({ [name]: text(maxLength) })), 'stored', name);
    assert.equal(await verdict(whole({ [name]: text(maxLength + 1) })), 'rejected', name);
    assert.equal(await verdict(whole({ [name]: '' })), 'rejected', name);
  }
  const shown = (length) => whole({ impression: Array(length).fill('i') });
  assert.equal(await verdict(shown(one.properties.impression.maxItems)), 'stored');
  assert.equal(await verdict(shown(one.properties.impression.maxItems + 1)), 'rejected');
  const properties = (length) => whole({ properties: { a: 'x'.repeat(length - '{"a":""}'.length) } });
  assert.equal(await verdict(properties(one.properties.properties.maxLength)), 'stored');
  assert.equal(await verdict(properties(one.properties.properties.maxLength + 1)), 'rejected');
  const source = one.properties.metricAttribution.properties.eventAttributionSource;
  for (const [text, isGood] of [['x', true], ['a b', true], [' ', false], ['ä', false], ['x'.repeat(source.maxLength), true], ['x'.repeat(source.maxLength + 1), false]]) {
    assert.equal(new RegExp(source.pattern).test(text) && text.length <= source.maxLength, isGood);
    assert.equal(await verdict(whole({ metricAttribution: { eventAttributionSource: text } })), isGood ? 'stored' : 'rejected', text.slice(0, 9));
  }
  assert.equal((await v1({ ...batch(place.key, [event('t')]), sentAt: time.exclusiveMaximum })).status, 400);
  for (const name of schema.required) assert.notEqual((await v1({ ...batch(place.key, [event('t')]), [name]: undefined })).status, 200, name);
});

test('500 events go into a batch and 501 do not', async () => {
  const many = (count) => batch(place.key, Array.from({ length: count }, (_, i) => event(`m${i}`)));
  assert.equal((await v1(many(500))).json.accepted, 500);
  assert.equal((await v1(many(501))).status, 400);
});

test('plain text and gzip are taken, other types and encodings are not', async () => {
  const body = JSON.stringify(batch(place.key, [event('c1')]));
  assert.equal((await v1(body, { 'content-type': 'text/plain;charset=UTF-8' })).status, 200);
  assert.equal((await v1(gzipSync(body), { 'content-encoding': 'gzip' })).json.results[0].status, 'duplicate');
  for (const headers of [{ 'content-type': 'application/x-www-form-urlencoded' }, { 'content-encoding': 'br' }]) {
    const refused = await v1(body, headers);
    assert.equal(refused.status, 415);
    assert.equal(refused.json.__type, 'UnsupportedMediaTypeException');
  }
  const broken = await v1(body, { 'content-encoding': 'gzip' });
  assert.equal(broken.status, 400);
  assert.match(broken.json.message, /not gzip/);
});

test('PutEvents is answered as by Personalize', async () => {
  const reply = await put(putEvents({}, { eventId: 'p1', properties: '{"numRatings":12}' }));
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.json, {});
});

test('invalid bodies are refused with Personalize\'s error and the place of the fault', async () => {
  const ten = Array.from({ length: 11 }, () => ({ eventType: 'c', sentAt: 1 }));
  for (const [body, message] of [
    ['', /not valid JSON/],
    ['{"trackingId":', /not valid JSON/],
    ['[]', /not a JSON object/],
    ['['.repeat(20), /deeper than 16/],
    [putEvents({ sessionId: undefined }), /^sessionId is missing$/],
    [putEvents({ sessionId: '' }), /^sessionId is empty$/],
    [putEvents({ userId: 'x'.repeat(257) }), /^userId is longer than 256 characters$/],
    [putEvents({ eventList: [] }), /^eventList must hold 1 to 10 entries, and holds 0$/],
    [putEvents({ eventList: ten }), /and holds 11$/],
    [putEvents({}, { sentAt: Date.now() }), /eventList\[0\]\.sentAt .*milliseconds$/],
    [putEvents({}, { properties: { a: 1 } }), /properties must be a string$/],
    [putEvents({}, { impression: Array(26).fill('i') }), /impression must hold 1 to 25/],
    [putEvents({ trackingId: 'atk_unknown' }), /trackingId is not that of an event tracker/],
  ]) {
    const reply = await put(body);
    assert.equal(reply.status, 400, JSON.stringify(body));
    assert.equal(reply.json.__type, 'InvalidInputException');
    assert.equal(reply.headers.get('x-amzn-errortype'), 'InvalidInputException');
    assert.match(reply.json.message, message);
  }
});

test('an unknown or missing key of a batch is 401', async () => {
  for (const key of ['atk_x', undefined]) assert.equal((await v1(batch(key, [event('x')]))).status, 401);
});

test('a repeated PutEvents without event ids counts once by AWS\'s invocation id', async () => {
  const before = await metric(server, 'attune_events_total{result="duplicate"}');
  const body = putEvents();
  for (const attempt of [1, 2]) {
    const headers = { 'amz-sdk-invocation-id': 'f0e1', 'amz-sdk-request': `attempt=${attempt}; max=3` };
    assert.equal((await put(body, headers)).status, 200);
  }
  assert.equal(await metric(server, 'attune_events_total{result="duplicate"}'), before + 1);
});

test('items are put on the admin side only, by their schema', async () => {
  const body = { datasetArn: `${ARN}ITEMS`, items: [{ itemId: 'i3', properties: '{"price":1.5,"numRatings":7}' }, { itemId: 'i1' }] };
  assert.equal((await post(`${server.url}/items`, body)).status, 404);
  const done = await post(`${server.adminUrl}/items`, body);
  assert.equal(done.status, 200, done.text);
  assert.deepEqual(done.json, {});
  const wrong = await post(`${server.adminUrl}/items`, { ...body, items: [{ itemId: 'i4', properties: '{"prize":1}' }] });
  assert.equal(wrong.status, 400);
  assert.match(wrong.json.message, /did you mean price\?/);
  const users = await post(`${server.adminUrl}/users`, { datasetArn: `${ARN}USERS`, users: [{ userId: 'u1' }] });
  assert.equal(users.status, 404);
  assert.equal(users.json.__type, 'ResourceNotFoundException');
});

test('a dataset imported meanwhile is known within a moment', async () => {
  place.import('users', [['USER_ID', 'string'], ['AGE', ['null', 'int']]], ['u1,30']);
  const body = { datasetArn: `${ARN}USERS`, users: [{ userId: 'u2', properties: '{"age":31}' }] };
  assert.ok(await eventually(async () => (await post(`${server.adminUrl}/users`, body)).status === 200));
  assert.equal((await get(`${server.url}/readyz`)).status, 200);
});

test('no page may use the admin side for what is not made for pages', async () => {
  const body = { datasetArn: `${ARN}ITEMS`, items: [{ itemId: 'evil' }] };
  const fromPage = await post(`${server.adminUrl}/items`, body, { origin: ORIGIN });
  assert.equal(fromPage.status, 403);
  assert.equal(fromPage.headers.get('access-control-allow-origin'), null);
  assert.equal((await post(`${server.adminUrl}/items`, body, { 'content-type': 'text/plain' })).status, 415);
  const preflight = await fetch(`${server.adminUrl}/items`, { method: 'OPTIONS', headers: { origin: ORIGIN } });
  assert.equal(preflight.status, 405);
});

test('a page of an allowed origin may send, and no other', async () => {
  const body = batch(place.key, [event('o1')]);
  const allowed = await v1(body, { origin: ORIGIN });
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal(allowed.headers.get('vary'), 'Origin');
  for (const origin of ['https://evil.example', 'null', 'http://shop.example', `${ORIGIN}.evil`]) {
    const refused = await v1(body, { origin });
    assert.equal(refused.status, 403, origin);
    assert.equal(refused.json.__type, 'AccessDeniedException');
    assert.equal(refused.headers.get('access-control-allow-origin'), null);
  }
});

test('a page reads the errors of its own mistakes', async () => {
  const wrong = await v1('{', { origin: ORIGIN });
  assert.equal(wrong.status, 400);
  assert.equal(wrong.headers.get('access-control-allow-origin'), ORIGIN);
});

test('the key of another site is no use to a page', async () => {
  const other = place.newKey('other', 'https://other.example');
  assert.ok(await eventually(async () => (await v1(batch(other, [event('k1')]))).status === 200));
  assert.equal((await v1(batch(other, [event('k2')]), { origin: ORIGIN })).status, 403);
  const removed = attune('tracker', '--store', place.store);
  const line = removed.out.split('\n').find((one) => one.includes(' other '));
  assert.equal(attune('tracker', '--store', place.store, '--remove', line.split(' ')[0]).code, 0);
  assert.ok(await eventually(async () => (await v1(batch(other, [event('k1')]))).status === 401));
});

test('a preflight is answered for allowed origins only', async () => {
  const ask = (origin) => fetch(`${server.url}/v1/events`, {
    method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  });
  const allowed = await ask(ORIGIN);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal(allowed.headers.get('access-control-max-age'), '7200');
  assert.match(allowed.headers.get('access-control-allow-headers'), /content-type/);
  assert.equal(allowed.headers.get('access-control-allow-credentials'), null);
  assert.equal((await ask('https://evil.example')).status, 403);
});

test('keys in the URL are refused', async () => {
  const reply = await post(`${server.url}/v1/events?trackingId=${place.key}`, batch(place.key, [event('q')]));
  assert.equal(reply.status, 400);
  assert.match(reply.json.message, /no query parameters/);
});

test('other paths and methods are told', async () => {
  assert.equal((await get(`${server.url}/nothing`)).status, 404);
  assert.equal((await get(`${server.url}/metrics`)).status, 404);
  const wrong = await get(`${server.url}/v1/events`);
  assert.equal(wrong.status, 405);
  assert.match(wrong.text, /takes POST/);
});

test('health and readiness are on both sides, the metrics on the admin\'s', async () => {
  for (const url of [server.url, server.adminUrl]) {
    assert.equal((await get(`${url}/healthz`)).text, 'ok\n');
    assert.equal((await get(`${url}/readyz`)).text, 'ready\n');
  }
  const { text, headers } = await get(`${server.adminUrl}/metrics`);
  assert.match(headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^attune_store_ready 1$/m);
  for (const line of text.trimEnd().split('\n')) {
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [0-9.e+-]+)$/);
  }
});

test('neither keys nor users are in the log, and each line is JSON', () => {
  assert.ok(server.log.length > 0);
  for (const line of server.log.trimEnd().split('\n')) {
    const said = JSON.parse(line);
    assert.ok(said.time && said.level && said.event);
  }
  for (const secret of [place.key, 'u1', 'd1', 's1', '127.0.0.1"']) assert.ok(!server.log.includes(`"${secret}"`), secret);
  assert.ok(!server.log.includes(place.key));
  assert.ok(!readFileSync(place.store, 'latin1').includes(place.key), 'the store holds no key');
});

test('a collected event that lacks what the schema demands is left out of training, and told', async () => {
  const own = new Place();
  own.import('interactions', [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long'], ['SHELF', 'int']], ['u,i0,5,1']);
  const collector = await start(own, { config: NO_LIMITS });
  await post(`${collector.url}/v1/events`, batch(own.key, [event('1', { properties: { shelf: 2 } }), event('2')]));
  await collector.stop();
  const { said } = own.popularItems();
  assert.match(said, /^1 of 2 collected events are left out/m);
  assert.match(said, /2 interactions, 2 users, 2 items/);
  own.remove();
});

test('training learns from collected events, an anonymous visitor\'s under the later user', async () => {
  const own = new Place();
  const collector = await start(own, { config: NO_LIMITS });
  const send = (...events) => post(`${collector.url}/v1/events`, batch(own.key, events));
  await send(event('1', { sessionId: 'x', anonymousId: 'd', itemId: 'film' }), event('2', { sessionId: 'x', itemId: undefined }));
  await send(event('3', { sessionId: 'y', anonymousId: 'd', userId: 'ada', itemId: 'book' }));
  assert.equal(await collector.stop(), 0);
  const { said } = own.popularItems();
  assert.match(said, /2 interactions, 1 users, 2 items/);
  own.remove();
});
