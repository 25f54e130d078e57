// attune/edge and the collector: attune serve itself, and one that fails.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { metric, NO_LIMITS, Place, start } from './collector.mjs';
import { ARN, Edge, good, refused } from './edge-site.mjs';
import { kGroups } from './fixtures.mjs';

let place;
let server;

before(async () => {
  place = new Place();
  place.import('items', [['ITEM_ID', 'string'], ['PRICE', ['null', 'float']]], ['i1,1']);
  server = await start(place, { config: NO_LIMITS });
});
after(async () => {
  await server?.stop();
  place?.remove();
});

const events = ({ eventId = 'e1', ...more } = {}) => ({
  trackingId: place.key, sessionId: 's1', userId: 'ada',
  eventList: [{ eventId, eventType: 'click', itemId: 'b1', sentAt: Math.floor(Date.now() / 1000), properties: '{"size":"L"}' }],
  ...more,
});
const stored = () => metric(server, 'attune_events_total{result="stored"}');

test('attune serve stores what the edge was told, once, though the client sends it twice', async () => {
  const edge = new Edge({ collector: server.url });
  for (let i = 0; i < 2; i++) {
    await good(await edge.post('/events', events()));
    await Promise.all(edge.work);
  }
  assert.deepEqual(edge.errors, []);
  assert.equal(await stored(), 1);
  assert.ok((await edge.idsFor('ada')).slice(0, 3).every((id) => kGroups.b.includes(id)), 'and the history has it');
});

test('a client waits for the collector where the host wants it to', async () => {
  const edge = new Edge({ collector: { url: server.url, wait: true } });
  await good(await edge.post('/events', events({ eventId: 'e2' })));
  assert.equal(await stored(), 2);
  await refused(await edge.post('/events', events({ trackingId: 'unknown' })), 400, 'InvalidInputException', /event tracker/);
});

test('PutItems goes to the admin side and is answered with its word', async () => {
  const edge = new Edge({ collector: new URL(server.adminUrl) });
  const put = (properties) => edge.post('/items', { datasetArn: `${ARN}dataset/shop/ITEMS`, items: [{ itemId: 'i9', properties }] });
  assert.deepEqual(await good(await put('{"price":9.5}')), {});
  await refused(await put('{"price":"dear"}'), 400, 'InvalidInputException', /price/i);
  const users = { datasetArn: `${ARN}dataset/shop/USERS`, users: [{ userId: 'u1' }] };
  await refused(await edge.post('/users', users), 404, 'ResourceNotFoundException');
});

/** A collector of which each attempt goes as told: a status, or an error. */
function scripted(...attempts) {
  const seen = [];
  const send = async (request) => {
    seen.push({ url: request.url, headers: request.headers, body: await request.text() });
    const next = attempts.shift() ?? 200;
    if (next instanceof Error) throw next;
    return new Response(next === 200 ? '{}' : 'not a collector', { status: next });
  };
  return { seen, collector: { url: 'https://events.example/in/', fetch: send } };
}

test('what fails is tried again, with what the collector needs to count it once', async () => {
  const { seen, collector } = scripted(new Error('no route'), 503);
  const edge = new Edge({ collector });
  const headers = { 'amz-sdk-invocation-id': 'i-1', 'cf-connecting-ip': '192.0.2.7' };
  await good(await edge.post('/events', events(), headers));
  await Promise.all(edge.work);
  assert.equal(seen.length, 3);
  for (const { url, headers: sent, body } of seen) {
    assert.equal(url, 'https://events.example/in/events');
    assert.equal(sent.get('amz-sdk-invocation-id'), 'i-1');
    assert.equal(sent.get('x-forwarded-for'), '192.0.2.7');
    assert.equal(JSON.parse(body).eventList[0].eventId, 'e1');
  }
  assert.deepEqual(edge.errors, []);
});

test('a collector that stays away costs the client nothing, and the host is told', async () => {
  const edge = new Edge({ collector: scripted(503, 503, 503).collector });
  await good(await edge.post('/events', events()));
  await Promise.all(edge.work);
  assert.match(edge.errors[0].message, /the collector answered 503/);
  const waiting = scripted(503, 503, 503).collector;
  await refused(await new Edge({ collector: { ...waiting, wait: true } }).post('/events', events()), 503, 'ServiceUnavailableException');
});

test('an answer of something else than a collector is no verdict', async () => {
  const { seen, collector } = scripted(403, 403, 403);
  const response = await new Edge({ collector }).post('/items', { datasetArn: `${ARN}dataset/g/ITEMS`, items: [{ itemId: 'i' }] });
  await refused(response, 503, 'ServiceUnavailableException', /the collector answered 403/);
  assert.equal(seen.length, 3);
});

test('records are refused where there is no collector, and checked before one is asked', async () => {
  const put = { datasetArn: `${ARN}dataset/g/ITEMS`, items: [{ itemId: 'i1', properties: '{}' }] };
  await refused(await new Edge().post('/items', put), 404, 'ResourceNotFoundException', /no collector here that takes items/);
  const { seen, collector } = scripted();
  const edge = new Edge({ collector });
  for (const [path, body, message, status = 400, type = 'InvalidInputException'] of [
    ['/items', { ...put, datasetArn: 'x' }, /^datasetArn must be arn:/],
    ['/items', { ...put, datasetArn: `${ARN}dataset/g/USERS` }, /is no items dataset$/, 404, 'ResourceNotFoundException'],
    ['/items', { ...put, items: [] }, /1 to 10/],
    ['/items', { ...put, items: [{ itemId: 'i', properties: 'x' }] }, /JSON object in a string/],
    ['/items', { ...put, items: [{}] }, /items\[0\].itemId is missing/],
    ['/users', { datasetArn: `${ARN}dataset/g/USERS`, users: [{ userId: 'u', properties: `{"a":"${'x'.repeat(24_000)}"}` }] }, /longer than 24000/],
    ['/actions', { datasetArn: `${ARN}dataset/g/ACTIONS`, actions: [{ itemId: 'a' }] }, /actionId is missing/],
    ['/action-interactions', { trackingId: 't', actionInteractions: [{ actionId: 'a', sessionId: 's', eventType: 'TAKEN' }] }, /timestamp is missing/],
  ]) {
    await refused(await edge.post(path, body), status, type, message);
  }
  assert.deepEqual(seen, []);
});
