// Scheduled training inside attune serve: when it works, what devices get of it, and what happens when
// it fails, hangs or is killed.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { attune, batch, event, eventually, get, metric, Place, post, start } from './collector.mjs';
import { signed } from './publishing.mjs';

const kSoon = 0.005; // minutes between updates
const kFarAway = 10_000;

let place;
let server;

beforeEach(() => {
  place = new Place();
  place.import('interactions', [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long']],
    [1, 2, 3, 4].flatMap((user) => ['a', 'b', 'c'].slice(0, 5 - user).map((item) => `u${user},${item},${1_700_000_000 + user}`)));
  const { code, err } = attune('keygen', '--output', place.file('shop.key'));
  assert.equal(code, 0, err);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

/** Jobs are nice: on a busy machine they take their time. */
const inTheEnd = (holds) => eventually(holds, 180);

const folder = () => place.file('published');
const work = (name = '') => `${folder()}.work/${name}`;
const campaign = (more = {}) => ({
  name: 'shop', recipe: 'popularity-count', directory: folder(), key: place.file('shop.key'), ...more,
});
const updating = (more = {}) => campaign({ update: { everyMinutes: kSoon }, gate: { maxChurn: 1 }, ...more });
const serve = async (...campaigns) => {
  server = await start(place, { config: { campaigns } });
  return server;
};
const jobs = (job, result) => metric(server, `attune_jobs_total{campaign="shop",job="${job}",result="${result}"}`);
const version = () => metric(server, 'attune_published_version{campaign="shop"}');
const click = async (itemId, user) => {
  const { status, text } = await post(`${server.url}/v1/events`,
    batch(place.key, [event(`${user}-${itemId}`, { itemId, sessionId: user, userId: user })]));
  assert.equal(status, 200, text);
};
const manifestUrl = () => `${server.url}/bundles/shop/manifest.json`;
const publicKeys = () => [readFileSync(place.file('shop.key.pub'), 'utf8').trim()];

/** The processes of jobs: attune with a word of this place in its arguments. */
function processes() {
  return readdirSync('/proc').filter((pid) => {
    try {
      const words = /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return words && words.includes(place.folder) && !words.includes('\0serve\0');
    } catch {
      return false; // it has just ended
    }
  });
}

/** A training that would take very long, and what it learns from. */
function endless(more = {}) {
  place.import('interactions', [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long']],
    Array.from({ length: 60_000 }, (_, i) => `u${i % 3000},i${(i * 7919) % 2003},${1_700_000_000 + i}`));
  return campaign({
    recipe: 'user-personalization', gate: false,
    config: { algorithmHyperParameters: { epochs: '1000', patience: '100', hidden_dimension: '256' } }, ...more,
  });
}

describe('the schedule', () => {
  test('trains what is not published yet, updates when events come, and devices follow', async () => {
    await serve(updating());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    const recommender = await load(manifestUrl(), { publicKeys: publicKeys() });
    const best = () => recommender.session().getRecommendations({ numResults: 1 }).itemList[0].itemId;
    assert.equal(best(), 'a');
    for (const user of ['v1', 'v2', 'v3', 'v4', 'v5']) await click('fresh', user);
    assert.ok(await inTheEnd(async () => (await recommender.update()) && best() === 'fresh'));
    recommender.dispose();
    assert.equal(await jobs('train', 'published'), 1);
    // Devices may have it before the server has noted that the job has ended.
    assert.ok(await inTheEnd(async () => (await jobs('update', 'published')) >= 1));
    assert.equal(await metric(server, 'attune_job_failures_in_a_row{campaign="shop"}'), 0);
    assert.ok(await metric(server, 'attune_job_last_success_timestamp_seconds{campaign="shop"}') > 1.7e9);
    assert.ok(await metric(server, 'attune_job_last_peak_bytes{campaign="shop"}') > 1e6);
  });

  test('does nothing while nothing is new, and says so', async () => {
    await serve(updating());
    assert.ok(await inTheEnd(async () => (await jobs('update', 'skipped')) >= 2), server.log);
    assert.equal(await version(), 1);
    assert.equal(await jobs('update', 'published'), 0);
    assert.match(server.log, /"event":"nothing new to learn from: skipped","campaign":"shop","job":"update"/);
  });

  test('learns from what another process imports', async () => {
    await serve(updating());
    assert.ok(await inTheEnd(async () => (await jobs('update', 'skipped')) >= 1), server.log);
    place.import('interactions', [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long']], ['u9,z,1700000099'], 'incremental');
    assert.ok(await inTheEnd(async () => (await version()) === 2), server.log);
  });

  test('after users were deleted an update learns everything anew', async () => {
    await serve(updating());
    assert.ok(await inTheEnd(async () => (await jobs('update', 'skipped')) >= 1), server.log);
    const deleted = attune('delete-user', '--store', place.store, '--user-id', 'u4');
    assert.equal(deleted.code, 0, deleted.err);
    assert.ok(await inTheEnd(async () => (await version()) === 2), server.log);
    assert.match(server.log, /"event":"users were deleted: the campaign is trained anew","campaign":"shop","job":"update"/);
    const { provenance } = JSON.parse(attune('inspect', folder(), '--json').out);
    assert.deepEqual([provenance.data.deletions, provenance.data.users, provenance.trained], [1, 3, undefined]);
  });

  test('a restart does not retrain', async () => {
    await serve(campaign({ update: { everyMinutes: kFarAway }, train: { everyDays: kFarAway } }));
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    await server.stop();
    await serve(campaign({ update: { everyMinutes: kFarAway }, train: { everyDays: kFarAway } }));
    await click('fresh', 'v1');
    await new Promise((resume) => setTimeout(resume, 1500));
    assert.equal(await version(), 1);
    assert.doesNotMatch(server.log, /job begins/);
  });

  test('a manifest that has half of its life behind it is signed again, of the same bundle', async () => {
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    await server.stop();
    const path = `${folder()}/manifest.json`;
    const old = JSON.parse(JSON.parse(readFileSync(path, 'utf8')).signed);
    const day = 86_400;
    const aged = { ...old, createdAt: old.createdAt - 16 * day, expiresAt: old.expiresAt - 16 * day };
    const key = { text: publicKeys()[0], privateKey: createPrivateKey(readFileSync(place.file('shop.key'))) };
    writeFileSync(path, signed(aged, key));
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 2), server.log);
    assert.equal(await jobs('renew', 'published'), 1);
    const fresh = JSON.parse(JSON.parse(readFileSync(path, 'utf8')).signed);
    assert.deepEqual(fresh.bundle, old.bundle);
    assert.ok(fresh.expiresAt > old.expiresAt - day);
  });

  test('an operator may roll back meanwhile, and updates go on from there', async () => {
    await serve(updating());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    await click('fresh', 'v1');
    assert.ok(await inTheEnd(async () => (await version()) === 2));
    const { code, err } = attune('rollback', '--to', folder(), '--key', place.file('shop.key'));
    assert.equal(code, 0, err);
    assert.ok(await inTheEnd(async () => (await version()) === 3));
    await click('other', 'v2');
    assert.ok(await inTheEnd(async () => (await version()) === 4));
  });
});

describe('failures', () => {
  test('a bundle that the gate refuses is set aside, and the published one goes on', async () => {
    await serve(updating({ gate: { minItemsRatio: 2 } }));
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    await click('fresh', 'v1');
    assert.ok(await inTheEnd(async () => (await jobs('update', 'refused')) === 1), server.log);
    assert.equal(await version(), 1);
    assert.match(server.log, /"result":"refused".*"reason":"the catalogue has 4 items, the published one 3 \(minItemsRatio 2\); kept as /);
    const [refused] = readdirSync(work()).filter((name) => name.endsWith('.refused'));
    assert.equal(attune('inspect', work(refused)).code, 0);
    const report = JSON.parse(readFileSync(work(refused.replace('.refused', '.json')), 'utf8'));
    assert.equal(report.verdict, 'refused');
    assert.match(report.reason, /minItemsRatio/);
  });

  test('a training that gets too little memory fails, is left alone for a while, and serving goes on', async () => {
    await serve(endless({ train: { everyDays: 1, memoryMegabytes: 64 } }));
    assert.ok(await inTheEnd(async () => (await jobs('train', 'failed')) === 1), server.log);
    assert.match(server.log, /"result":"failed".*"reason":"attune train: [^"]+"/);
    await click('fresh', 'v1');
    await new Promise((resume) => setTimeout(resume, 1200));
    assert.equal(await jobs('train', 'failed'), 1, 'the next try waits');
    assert.equal(await metric(server, 'attune_job_failures_in_a_row{campaign="shop"}'), 1);
    assert.equal(await version(), 0);
    assert.equal((await get(`${server.url}/readyz`)).status, 200);
  });

  test('a training that hangs is killed when its time is over', async () => {
    await serve(endless({ train: { everyDays: 1, maxMinutes: 0.01 } }));
    assert.ok(await inTheEnd(async () => (await jobs('train', 'failed')) === 1), server.log);
    assert.match(server.log, /"reason":"attune train: killed after 1 s"/);
    assert.deepEqual(processes(), []);
  });

  test('SIGTERM during a training ends both at once, and leaves nothing half-written', async () => {
    await serve(endless());
    assert.ok(await inTheEnd(() => processes().length === 1), server.log);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(processes(), []);
    assert.ok(!existsSync(folder()));
    assert.deepEqual(readdirSync(work()).filter((name) => name.endsWith('.attune')), []);
    const state = JSON.parse(readFileSync(work('state.json'), 'utf8'));
    assert.deepEqual([state.running, state.train.failuresInARow], [undefined, 0]);
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 1), 'it is done after the restart');
  });

  test('when the server itself is killed its training dies too, and counts as failed', async () => {
    await serve(endless());
    assert.ok(await inTheEnd(() => processes().length === 1), server.log);
    await server.stop('SIGKILL');
    assert.ok(await inTheEnd(() => processes().length === 0));
    await serve(campaign());
    await new Promise((resume) => setTimeout(resume, 1200));
    assert.equal(await version(), 0, 'it waits for a minute');
    assert.doesNotMatch(server.log, /job begins/);
  });

  test('a publication that cannot be read stops its campaign, until it is mended', async () => {
    await serve(updating());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    const manifest = readFileSync(`${folder()}/manifest.json`);
    writeFileSync(`${folder()}/manifest.json`, '{}');
    assert.ok(await inTheEnd(() => /a publication cannot be read: nothing is done for it/.test(server.log)), server.log);
    await click('fresh', 'v1');
    writeFileSync(`${folder()}/manifest.json`, manifest);
    assert.ok(await inTheEnd(async () => (await version()) === 2), server.log);
    assert.equal(server.log.match(/a publication cannot be read/g).length, 1);
  });

  test('a configuration that cannot work is refused before anything is served', async () => {
    for (const [more, message] of [
      [{ recipe: 'simz' }, /did you mean sims\?/],
      [{ key: place.file('none.key') }, /none\.key/],
      [{ config: { recipe: 'sims' } }, /the recipe is named beside it/],
      [{ config: { algorithmHyperParameters: { layers: '2' } } }, /layers/],
    ]) {
      await assert.rejects(serve(campaign(more)), message);
    }
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    await server.stop();
    writeFileSync(work('state.json'), 'what?');
    await assert.rejects(serve(campaign()), /state\.json is not what attune serve has written: remove it/);
    server = undefined;
  });
});

describe('GET /bundles/<campaign>/', () => {
  /** A path as it is, which fetch() would tidy up. */
  const raw = (path, method = 'GET', headers = {}) => new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part)).on('end', () =>
        resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(parts) }));
    });
    asked.on('error', reject).end();
  });

  test('serves the manifest and what is named by its content, for any page and CDN', async () => {
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    const manifest = await raw('/bundles/shop/manifest.json', 'GET', { origin: 'https://any.example' });
    assert.equal(manifest.status, 200);
    assert.equal(manifest.headers['content-type'], 'application/json');
    assert.equal(manifest.headers['cache-control'], 'no-cache');
    assert.equal(manifest.headers['access-control-allow-origin'], '*');
    assert.deepEqual(manifest.body, readFileSync(`${folder()}/manifest.json`));
    const { bundle } = JSON.parse(JSON.parse(manifest.body).signed);
    const name = `/bundles/shop/${bundle.sha256}.attune`;
    const file = await raw(name);
    assert.equal(file.status, 200);
    assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.deepEqual(file.body, readFileSync(`${folder()}/${bundle.sha256}.attune`));
    for (const [path, reply] of [['/bundles/shop/manifest.json', manifest], [name, file]]) {
      const { etag } = reply.headers;
      const known = await raw(path, 'GET', { 'if-none-match': `"x", W/${etag}` });
      assert.deepEqual([known.status, known.body.length, known.headers.etag], [304, 0, etag]);
      assert.equal((await raw(path, 'GET', { 'if-none-match': '"other"' })).status, 200);
      const head = await raw(path, 'HEAD');
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      assert.equal(Number(head.headers['content-length']), reply.body.length);
    }
    assert.equal((await raw(name, 'POST')).status, 405);
  });

  test('serves nothing else', async () => {
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    writeFileSync(`${folder()}/secret.txt`, 'secret');
    const hash = '0'.repeat(64);
    for (const path of ['', 'shop', 'shop/', 'other/manifest.json', 'shop/secret.txt', 'shop/.publish.lock',
      `shop/${hash}.attune`, `shop/${hash}.txt`, 'shop/../shop.key', 'shop/%2e%2e/shop.key', 'shop//manifest.json',
      'shop/./manifest.json', '../shop/manifest.json', 'shop/manifest.json/', `shop/../published/${hash}.attune`,
      'shop/..%2fstore.db', 'shop/manifest-1.json', 'SHOP/manifest.json']) {
      assert.equal((await raw(`/bundles/${path}`)).status, 404, path);
    }
  });

  test('serves a long file whole, to several at once', async () => {
    await serve(campaign());
    assert.ok(await inTheEnd(async () => (await version()) === 1));
    const long = Buffer.alloc(8 << 20, 'attune');
    const name = `${'a'.repeat(64)}.attune`;
    writeFileSync(`${folder()}/${name}`, long);
    const replies = await Promise.all(Array.from({ length: 8 }, () => raw(`/bundles/shop/${name}`)));
    for (const { body } of replies) assert.ok(body.equals(long));
    assert.equal(statSync(`${folder()}/${name}`).size, long.length);
  });
});
