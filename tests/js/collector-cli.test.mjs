// The unmodified AWS command line (Debian's awscli) against attune serve.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { metric, NO_LIMITS, Place, start } from './collector.mjs';

const AWS = ['/usr/bin/aws', '/usr/local/bin/aws'].find(existsSync);
const ARN = 'arn:aws:personalize:us-east-1:123456789012:dataset/shop/';
const LONG = 'x'.repeat(257);

describe('the AWS CLI', { skip: AWS ? false : 'awscli is not installed' }, () => {
  let place;
  let server;
  let config;

  before(async () => {
    place = new Place();
    place.import('items', [['ITEM_ID', 'string'], ['PRICE', ['null', 'float']]], ['i1,1']);
    place.import('users', [['USER_ID', 'string'], ['AGE', ['null', 'int']]], ['u1,30']);
    server = await start(place, { config: NO_LIMITS });
    // Without its own checks, so that what is wrong reaches the collector.
    config = place.file('aws-config', '[default]\nregion = us-east-1\nparameter_validation = false\n');
  });
  after(async () => {
    await server?.stop();
    place?.remove();
  });

  /** Runs one command with its input as JSON; resolves with its exit code and what it printed. */
  function aws(endpoint, command, input) {
    const words = ['personalize-events', command, '--endpoint-url', endpoint, '--cli-input-json', JSON.stringify(input)];
    const child = spawn(AWS, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH, HOME: place.folder, AWS_CONFIG_FILE: config, AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'secret', AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '',
      },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    child.stderr.on('data', (bytes) => { err += bytes; });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, err }));
    });
  }

  const sent = (of = {}, more = {}) => ({
    trackingId: place.key, sessionId: 's1', userId: 'u1',
    eventList: [{ eventId: 'e1', eventType: 'click', itemId: 'i1', sentAt: Math.floor(Date.now() / 1000), ...of }],
    ...more,
  });

  test('puts an event, which counts once however often it is put', async () => {
    for (const attempt of [1, 2]) {
      const done = await aws(server.url, 'put-events', sent());
      assert.equal(done.code, 0, `attempt ${attempt}: ${done.err}`);
      assert.equal(done.out, '');
    }
    assert.equal(await metric(server, 'attune_events_total{result="stored"}'), 1);
    assert.equal(await metric(server, 'attune_events_total{result="duplicate"}'), 1);
  });

  test('puts items and users on the admin side', async () => {
    const items = await aws(server.adminUrl, 'put-items',
      { datasetArn: `${ARN}ITEMS`, items: [{ itemId: 'i9', properties: '{"price": 9.5}' }] });
    assert.equal(items.code, 0, items.err);
    const users = await aws(server.adminUrl, 'put-users',
      { datasetArn: `${ARN}USERS`, users: [{ userId: 'u9', properties: '{"age": 41}' }] });
    assert.equal(users.code, 0, users.err);
    assert.equal(await metric(server, 'attune_records_put_total'), 2);
  });

  const wrong = [
    ['no session', 'put-events', () => sent({}, { sessionId: undefined })],
    ['no tracking id', 'put-events', () => sent({}, { trackingId: undefined })],
    ['a tracking id that nobody has', 'put-events', () => sent({}, { trackingId: 'none' })],
    ['no events', 'put-events', () => sent({}, { eventList: [] })],
    ['more events than Personalize takes', 'put-events', () => sent({}, { eventList: Array(11).fill(sent().eventList[0]) })],
    ['no event type', 'put-events', () => sent({ eventType: undefined })],
    ['no time', 'put-events', () => sent({ sentAt: undefined })],
    ['an item id that is too long', 'put-events', () => sent({ itemId: LONG })],
    ['a user id that is too long', 'put-events', () => sent({}, { userId: LONG })],
    ['properties that are not JSON', 'put-events', () => sent({ properties: 'nonsense' })],
    ['an item whose properties the schema does not have', 'put-items',
      () => ({ datasetArn: `${ARN}ITEMS`, items: [{ itemId: 'i9', properties: '{"price": "cheap"}' }] })],
  ];
  for (const [what, command, input] of wrong)
    test(`is told InvalidInputException for ${what}`, async () => {
      const stored = await metric(server, 'attune_events_total{result="stored"}');
      const done = await aws(command === 'put-events' ? server.url : server.adminUrl, command, input());
      assert.notEqual(done.code, 0);
      assert.match(done.err, /An error occurred \(InvalidInputException\) when calling the Put(Events|Items) operation: \S/);
      assert.equal(await metric(server, 'attune_events_total{result="stored"}'), stored);
    });

  test('is told ResourceNotFoundException for a dataset that was never imported', async () => {
    const bare = new Place();
    const other = await start(bare, { config: NO_LIMITS });
    try {
      const done = await aws(other.adminUrl, 'put-users',
        { datasetArn: `${ARN}USERS`, users: [{ userId: 'u1', properties: '{}' }] });
      assert.match(done.err, /An error occurred \(ResourceNotFoundException\) when calling the PutUsers operation: \S/);
    } finally {
      await other.stop();
      bare.remove();
    }
  });
});
