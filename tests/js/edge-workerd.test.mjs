// attune/edge and attune/aws in workerd: the Worker of examples/edge-worker, as it stands there.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { ARN, campaignArn, good, refused } from './edge-site.mjs';
import { bundles, kGroups, root } from './fixtures.mjs';
import { kDeviceProgram } from './programs.mjs';
import { judge } from './wire-answers.mjs';
import { FakeCollector, reasonToSkip, Worker } from './workerd.mjs';

const require = createRequire(new URL('../../js/package.json', import.meta.url));
const { PersonalizeRuntimeClient, GetRecommendationsCommand } = require('@aws-sdk/client-personalize-runtime');
const example = readFileSync(join(root, 'examples/edge-worker/worker.js'), 'utf8');
const isB = (id) => kGroups.b.includes(id);
const kScriptLimit = 3 << 20;

describe('the example Worker', { skip: reasonToSkip, concurrency: false }, () => {
  let worker;
  let collector;

  before(async () => {
    collector = await new FakeCollector().start();
    const vars = { COLLECTOR_URL: 'http://collector.example' };
    worker = await Worker.start('example', example, { bundle: bundles.sims, collector: collector.address, vars });
  });
  after(async () => {
    await worker?.stop();
    collector?.stop();
  });

  const post = (path, body) =>
    fetch(worker.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const click = (userId, itemId, sentAt = Math.floor(Date.now() / 1000)) =>
    post('/events', { trackingId: 'key', sessionId: 's1', userId, eventList: [{ eventId: itemId, eventType: 'click', itemId, sentAt }] });
  const ids = async (userId, more) => {
    const { itemList } = await good(await post('/recommendations', { campaignArn, userId, numResults: 3, ...more }));
    return itemList.map(({ itemId }) => itemId);
  };

  test('of ten first requests each is answered, though one of them opens the bundle for all', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => fetch(`${worker.url}/recommend/first-${n}?numResults=3`)));
    for (const answer of answers) assert.equal((await good(answer)).itemList.length, 3);
    assert.equal(worker.errors, '');
  });

  test('answers by POST and by GET, with tags for caches', async () => {
    assert.equal((await ids('nobody')).length, 3);
    const related = await fetch(`${worker.url}/related/b1?numResults=3`);
    assert.equal(related.headers.get('cache-control'), 'public, max-age=300');
    assert.equal(related.headers.get('vary'), null);
    assert.ok((await good(related)).itemList.every(({ itemId }) => isB(itemId)));
    const again = await fetch(`${worker.url}/related/b1?numResults=3`, { headers: { 'if-none-match': related.headers.get('etag') } });
    assert.equal(again.status, 304);
    const { personalizedRanking } = await good(await fetch(`${worker.url}/rank/ada/a1,b1`));
    assert.equal(personalizedRanking.length, 2);
  });

  test('a click counts in the next list, and goes on to the collector behind the answer', async () => {
    await good(await click('ada', 'b1'));
    assert.ok((await ids('ada')).every(isB));
    await collector.waitFor(1);
    const [{ path, body, headers }] = collector.requests;
    assert.equal(path, '/events');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(JSON.parse(body).eventList[0].itemId, 'b1');
  });

  test('of clicks at the same time none is lost: one Durable Object keeps the history', async () => {
    const clicked = [...kGroups.a, ...kGroups.b];
    for (const response of await Promise.all(clicked.map((id) => click('busy', id)))) await good(response);
    const unseen = await ids('busy', { filterArn: `${ARN}filter/unseen`, numResults: 100 });
    assert.ok(unseen.length > 0);
    assert.deepEqual(unseen.filter((id) => clicked.includes(id)), []);
    assert.equal(worker.errors, '');
  });

  test('PutItems is answered with what the collector says', async () => {
    const put = { datasetArn: `${ARN}dataset/g/ITEMS`, items: [{ itemId: 'i1', properties: '{"price":1}' }] };
    const before = collector.requests.length;
    assert.deepEqual(await good(await post('/items', put)), {});
    assert.equal(collector.requests.length, before + 1);
    collector.answers.push({ status: 400, json: { __type: 'InvalidInputException', message: 'items[0].price is no field' } });
    await refused(await post('/items', put), 400, 'InvalidInputException', /^items\[0\].price is no field$/);
  });

  test('bad requests are one line, as everywhere', async () => {
    await refused(await post('/recommendations', { campaignArn: 'x' }), 400, 'InvalidInputException', /^campaignArn must be/);
    await refused(await post('/nowhere', {}), 404, 'UnknownOperationException');
  });

  test('the script and attune.wasm fit into a Worker of the free plan', () => {
    const script = gzipSync(readFileSync(worker.script)).length;
    const wasm = gzipSync(readFileSync(join(root, 'js/dist/attune.wasm'))).length;
    assert.ok(script + wasm < kScriptLimit / 20, `${script} + ${wasm} bytes`);
    assert.ok(statSync(worker.script).size < 100_000);
  });
});

describe('in workerd', { skip: reasonToSkip, concurrency: false }, () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret key' };

  test('a Worker with an access key answers the AWS client that has it, and no other', async () => {
    const vars = { COLLECTOR_URL: 'http://collector.example', ACCESS_KEY_ID: credentials.accessKeyId, SECRET_ACCESS_KEY: credentials.secretAccessKey };
    const worker = await Worker.start('signed', example, { bundle: bundles.sims, vars });
    try {
      const client = (more) => new PersonalizeRuntimeClient({ region: 'eu-west-1', endpoint: worker.url, credentials: { ...credentials, ...more } });
      const command = new GetRecommendationsCommand({ campaignArn, userId: 'ada', numResults: 3 });
      assert.equal((await client().send(command)).itemList.length, 3);
      await assert.rejects(client({ secretAccessKey: 'another' }).send(command), { name: 'InvalidSignatureException' });
      await assert.rejects(client({ accessKeyId: 'AKIDOTHER' }).send(command), { name: 'UnrecognizedClientException' });
      await refused(await fetch(`${worker.url}/recommend/ada`), 403, 'MissingAuthenticationTokenException');
    } finally {
      await worker.stop();
    }
  });

  test('the captured calls of the AWS clients are answered over the network', async () => {
    const program = `
      import sims from './sims';
      import popularity from './popularity';
      import { createHandler, HistoryObject } from 'attune/edge';
      import { campaignsOf } from './wire-calls.mjs';
      export { HistoryObject };
      const bundles = { sims, popularity };
      let user;
      const handler = createHandler({
        campaigns: campaignsOf((name, more) => ({ bundle: bundles[name], ...more })),
        basePath: '/edge/v1',
        collector: { url: 'http://collector.example', fetch: async () => Response.json({}) },
        credentials: (id) => (id === 'AKIDEXAMPLE' ? 'a secret key' : undefined),
        onError() {},
        admit() {
          if (user === 'broken') throw new Error('broken');
          return user !== 'busy';
        },
      });
      export default {
        async fetch(request, env, ctx) {
          user = (await request.clone().json()).userId;
          return handler(request, ctx);
        },
      };
    `;
    const data = { sims: bundles.sims, popularity: bundles.popularity };
    const worker = await Worker.start('captures', program, { data });
    try {
      const { sendCalls } = await nodeCalls();
      const config = { region: 'us-east-1', credentials, endpoint: `${worker.url}/edge/v1` };
      judge(await sendCalls(() => config), { prefix: '/edge/v1', isSigned: true });
    } finally {
      await worker.stop();
    }
  });

  test('the captured calls of the AWS clients are answered inside the Worker, without a socket', async () => {
    const program = `
      import sims from './sims';
      import popularity from './popularity';
      import { HistoryObject } from 'attune/edge';
      ${kDeviceProgram}
      export { HistoryObject };
      export default { fetch: async () => Response.json(await run({ sims, popularity })) };
    `;
    const data = { sims: bundles.sims, popularity: bundles.popularity };
    const worker = await Worker.start('device', program, { data });
    try {
      judge(await good(await fetch(worker.url)), { isSigned: false });
    } finally {
      await worker.stop();
    }
  });
});

/** The calls as a program of Node, beside this one. */
async function nodeCalls() {
  const { bundleProgram } = await import('./programs.mjs');
  const path = await bundleProgram('calls-node', "export { sendCalls } from './wire-calls.mjs';", { platform: 'node' });
  return import(path);
}
