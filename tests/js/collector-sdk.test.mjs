// The unmodified AWS client against attune serve.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { metric, NO_LIMITS, Place, start } from './collector.mjs';

const require = createRequire(new URL('../../js/package.json', import.meta.url));
const {
  PersonalizeEventsClient, PutEventsCommand, PutItemsCommand, PutUsersCommand, InvalidInputException, ResourceNotFoundException,
} = require('@aws-sdk/client-personalize-events');

const ARN = 'arn:aws:personalize:us-east-1:123456789012:dataset/shop/';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

let place;
let server;
let events;
let admin;

before(async () => {
  place = new Place();
  place.import('items', [['ITEM_ID', 'string'], ['PRICE', ['null', 'float']]], ['i1,1']);
  server = await start(place, { config: NO_LIMITS });
  const client = (endpoint, more) => new PersonalizeEventsClient({ region: 'us-east-1', endpoint, credentials, ...more });
  events = client(server.url);
  admin = client(server.adminUrl);
});
after(async () => {
  events?.destroy();
  admin?.destroy();
  await server?.stop();
  place?.remove();
});

const putEvents = (more, of) => new PutEventsCommand({
  trackingId: place.key, sessionId: 's1', userId: 'u1',
  eventList: [{
    eventType: 'click', sentAt: new Date(), eventId: 'e1', eventValue: 4.5, itemId: 'i1',
    properties: { numRatings: 12 }, recommendationId: 'RID-1', impression: ['i1', 'i2'],
    metricAttribution: { eventAttributionSource: 'newsletter' }, ...of,
  }],
  ...more,
});

test('PutEvents is stored and its repetition counts once', async () => {
  for (const attempt of [1, 2]) {
    const reply = await events.send(putEvents());
    assert.equal(reply.$metadata.httpStatusCode, 200);
    assert.equal(reply.$metadata.attempts, 1, `attempt ${attempt}`);
    assert.match(reply.$metadata.requestId, /^[0-9a-f-]{36}$/);
  }
  assert.equal(await metric(server, 'attune_events_total{result="stored"}'), 1);
  assert.equal(await metric(server, 'attune_events_total{result="duplicate"}'), 1);
});

test('a fault is the modelled exception, thrown at the first attempt', async () => {
  for (const command of [putEvents({ sessionId: undefined }), putEvents({ trackingId: 'none' }), putEvents({}, { eventType: '' })]) {
    await assert.rejects(events.send(command), (error) => {
      assert.ok(error instanceof InvalidInputException, error.name);
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.equal(error.$metadata.attempts, 1);
      return true;
    });
  }
});

test('PutItems and PutUsers go to the admin side', async () => {
  const put = new PutItemsCommand({ datasetArn: `${ARN}ITEMS`, items: [{ itemId: 'i9', properties: { price: 9.5 } }] });
  assert.equal((await admin.send(put)).$metadata.httpStatusCode, 200);
  assert.equal(await metric(server, 'attune_records_put_total'), 1);
  const users = new PutUsersCommand({ datasetArn: `${ARN}USERS`, users: [{ userId: 'u1', properties: '{}' }] });
  await assert.rejects(admin.send(users), ResourceNotFoundException);
});
