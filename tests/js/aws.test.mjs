// attune/aws: the unmodified AWS clients on the device.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { clientConfig, requestHandler } from '../../js/dist/aws-node.js';
import { load } from '../../js/dist/node.js';
import { bundles, errorOf, kGroups, root, wasmUrl } from './fixtures.mjs';
import { bundleProgram, installPackage, kDeviceProgram, programs } from './programs.mjs';
import { judge } from './wire-answers.mjs';

const require = createRequire(new URL('../../js/package.json', import.meta.url));
const { PersonalizeRuntimeClient, GetRecommendationsCommand } = require('@aws-sdk/client-personalize-runtime');
const { PersonalizeEventsClient, PutEventsCommand, PutItemsCommand, ResourceNotFoundException } = require('@aws-sdk/client-personalize-events');

const ARN = 'arn:aws:personalize:us-east-1:123456789012:';
const campaignArn = `${ARN}campaign/shop`;

let recommender;
let kept;

before(async () => {
  // Without the user's own files and variables there are no credentials to be found.
  kept = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env.HOME = '/nonexistent';
  recommender = await load(bundles.sims);
});
after(() => {
  Object.assign(process.env, kept);
  recommender.dispose();
});

const list = async (client, userId, more) => {
  const { itemList } = await client.send(new GetRecommendationsCommand({ campaignArn, userId, numResults: 3, ...more }));
  return itemList.map(({ itemId }) => itemId);
};
const click = (userId, itemId) =>
  new PutEventsCommand({ trackingId: 't', sessionId: 's', userId, eventList: [{ eventType: 'click', itemId, sentAt: new Date() }] });
const isB = (id) => kGroups.b.includes(id);

test('the captured calls are sent as captured, and answers and errors parsed as the service has them', async () => {
  const path = await bundleProgram('device-node', kDeviceProgram, { platform: 'node' });
  const { run } = await import(pathToFileURL(path).href);
  const bytes = { sims: readFileSync(bundles.sims), popularity: readFileSync(bundles.popularity) };
  judge(await run(bytes, readFileSync(wasmUrl)), { isSigned: false });
});

test('the example is one line away from the service', async () => {
  installPackage();
  const path = join(programs, 'recommend.mjs');
  copyFileSync(join(root, 'examples/aws-sdk/recommend.mjs'), path);
  const { recommendationId, itemList } = JSON.parse(execFileSync(process.execPath, [path, bundles.sims, 'b1'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  assert.match(recommendationId, /^RID-/);
  assert.equal(itemList.length, 5);
  assert.ok(itemList.slice(0, 3).every(({ itemId, score }) => isB(itemId) && score > 0));
});

test('a click told to the events client counts in the next list of the runtime client', async () => {
  const config = clientConfig({ recommender });
  const [runtime, events] = [new PersonalizeRuntimeClient(config), new PersonalizeEventsClient(config)];
  const before = await list(runtime, 'ada');
  await events.send(click('ada', 'b1'));
  assert.ok((await list(runtime, 'ada')).every(isB));
  assert.deepEqual(await list(runtime, 'bob'), before);
});

test('an existing client needs one line: its requestHandler', async () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const handler = requestHandler({ recommender });
  const runtime = new PersonalizeRuntimeClient({ region: 'eu-central-1', credentials, requestHandler: handler });
  assert.equal((await list(runtime, 'ada')).length, 3);
  const prefixed = new PersonalizeRuntimeClient({ region: 'eu-central-1', credentials, endpoint: 'https://x.example/edge/v1', requestHandler: handler });
  assert.equal((await list(prefixed, 'ada')).length, 3);
});

test('the history is that of the recommender: kept by its store, shared by all campaigns', async () => {
  const saved = new Map();
  const store = { load: async (key) => saved.get(key), save: async (key, bytes) => void saved.set(key, bytes), remove: async () => {} };
  const [shop, later] = [await load(bundles.sims, { store }), await load(bundles.later)];
  const config = clientConfig({ campaigns: { shop: { recommender: shop }, later: { recommender: later } } });
  const [runtime, events] = [new PersonalizeRuntimeClient(config), new PersonalizeEventsClient(config)];
  await events.send(click('ada', 'a3'));
  const inLater = await list(runtime, 'ada', { campaignArn: `${ARN}campaign/later` });
  assert.ok(inLater.every((id) => id.startsWith('a')), inLater.join());
  events.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([...saved.keys()], ['ada']);
  const again = await load(bundles.sims, { store });
  const next = new PersonalizeRuntimeClient(clientConfig({ recommender: again }));
  assert.ok((await list(next, 'ada')).every((id) => kGroups.a.includes(id)), 'another program, the same store');
  for (const one of [shop, later, again]) one.dispose();
});

test('events go to the tracker, other things where the page says, and are refused when it says nothing', async () => {
  const tracked = [];
  const forwarded = [];
  const tracker = { track: async (event) => void tracked.push(event) };
  const events = new PersonalizeEventsClient(clientConfig({ recommender, tracker, forward: (request) => void forwarded.push(request) }));
  await events.send(click('ada', 'b1'));
  assert.deepEqual(tracked.map(({ sentAt, ...event }) => [typeof sentAt, event]), [
    ['number', { eventType: 'click', itemId: 'b1', sessionId: 's', userId: 'ada' }],
  ]);
  const put = new PutItemsCommand({ datasetArn: `${ARN}dataset/g/ITEMS`, items: [{ itemId: 'i1', properties: { price: 1 } }] });
  await events.send(put);
  assert.deepEqual(forwarded.map(({ path, body }) => [path, JSON.parse(body).items[0].itemId]), [['/items', 'i1']]);
  const alone = new PersonalizeEventsClient(clientConfig({ recommender }));
  await alone.send(click('ada', 'b1'));
  await assert.rejects(alone.send(put), ResourceNotFoundException);
});

test('a request that was aborted is not answered', async () => {
  const runtime = new PersonalizeRuntimeClient(clientConfig({ recommender }));
  const abort = new AbortController();
  abort.abort();
  const sent = runtime.send(new GetRecommendationsCommand({ campaignArn, userId: 'u' }), { abortSignal: abort.signal });
  await assert.rejects(sent, { name: 'AbortError' });
});

test('what is no operation of these clients is refused', async () => {
  const { response } = await requestHandler({ recommender }).handle({ method: 'POST', path: '/', headers: {}, body: '{}' });
  assert.equal(response.statusCode, 404);
  assert.match(new TextDecoder().decode(response.body), /UnknownOperationException/);
});

test('options that make no sense are errors at once', () => {
  for (const options of [{}, { recommender, campaigns: {} }, { recommender: {} }, { campaigns: {} }, { recommender, store: 1 }]) {
    assert.throws(() => requestHandler(options), errorOf('INVALID_ARGUMENT'));
  }
});
