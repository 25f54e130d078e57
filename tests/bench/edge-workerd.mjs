// attune/edge in workerd, the Worker of examples/edge-worker with a bundle in KV: the first answer, warm
// answers, CPU a request and memory. Prints one JSON line a measurement.
//   node tests/bench/edge-workerd.mjs BUNDLE [REQUESTS]
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';

import { load } from '../../js/dist/node.js';
import { root } from '../js/fixtures.mjs';
import { reasonToSkip, Worker } from '../js/workerd.mjs';

const kStarts = 15;
// Both engines, the client's too, go on compiling what runs often for so many requests.
const kWarmUps = 2000;
const [bundle, requests = '3000'] = process.argv.slice(2);
if (!bundle || !(Number(requests) >= 1)) {
  console.error('usage: node tests/bench/edge-workerd.mjs BUNDLE [REQUESTS]');
  process.exit(2);
}
if (reasonToSkip) throw new Error(reasonToSkip);

const recommender = await load(bundle);
const itemIds = [...recommender.itemIds()].filter((_, i) => i % 7 === 0);
const { recipe, itemCount } = recommender;
recommender.dispose();
const facts = { recipe, items: itemCount, bundleBytes: statSync(bundle).size, cpu: cpus()[0].model, cores: cpus().length, node: process.version };
const print = (what, figures) => console.log(JSON.stringify({ what, ...figures, ...facts, bundle: basename(bundle) }));
const round = (value) => Math.round(value * 100) / 100;
const at = (sorted, share) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
const spread = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50Ms: at(sorted, 0.5), p99Ms: at(sorted, 0.99), minMs: at(sorted, 0), times: sorted.length };
};

const example = readFileSync(join(root, 'examples/edge-worker/worker.js'), 'utf8');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Milliseconds of one POST from the first byte sent to the last one read. */
function post(url, path, body) {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method: 'POST', agent, headers }, async (response) => {
      let answer = '';
      for await (const part of response.setEncoding('utf8')) answer += part;
      const took = performance.now() - begun;
      if (response.statusCode === 200) resolve(took);
      else reject(new Error(answer));
    });
    sent.on('error', reject).end(text);
  });
}

const start = () => Worker.start('bench', example, { bundle, vars: { COLLECTOR_URL: 'http://127.0.0.1:9' } });
const campaignArn = 'arn:aws:personalize:us-east-1:123456789012:campaign/shop';
const eventsOf = (n) => Array.from({ length: 20 }, (_, i) => ({ itemId: itemIds[(31 * n + i) % itemIds.length], timestamp: 1_700_000_000 + i }));
const withEvents = (n) => ({ campaignArn, userId: `u${n % 50}`, numResults: 25, events: eventsOf(n) });

/** CPU milliseconds of a process so far, and its memory in MB. */
function usage(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return { cpuMs: nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6, residentMb: mb('VmRSS'), peakMb: mb('VmHWM') };
}

const [starts, firsts, firstCpuMs] = [[], [], []];
for (let i = 0; i < kStarts; i++) {
  const worker = await start();
  starts.push(worker.listensAfterMs);
  const before = usage(worker.pid).cpuMs;
  firsts.push(await post(worker.url, '/recommendations', withEvents(i)));
  firstCpuMs.push(usage(worker.pid).cpuMs - before);
  await worker.stop();
}
print('workerd from its start until the Worker is imported and listens', spread(starts));
print('first answer of a Worker that listens: bundle read from KV and opened, 25 items', { ...spread(firsts), cpuMsEach: spread(firstCpuMs).p50Ms });

const worker = await start();
const empty = usage(worker.pid);
for (let i = 0; i < kWarmUps; i++) await post(worker.url, '/recommendations', withEvents(i));
for (const [what, prepare, body] of [
  ['a warm /recommendations, 20 events in the request', undefined, withEvents],
  [
    'a warm /recommendations, 10 events in a Durable Object',
    (n) => post(worker.url, '/events', {
      trackingId: 't', sessionId: 's', userId: `u${n}`,
      eventList: eventsOf(n).slice(0, 10).map(({ itemId, timestamp }) => ({ itemId, eventType: 'click', sentAt: timestamp })),
    }),
    (n) => ({ campaignArn, userId: `u${n % 50}`, numResults: 25 }),
  ],
]) {
  for (let n = 0; prepare && n < 50; n++) await prepare(n);
  const before = usage(worker.pid);
  const times = [];
  for (let n = 0; n < Number(requests); n++) times.push(await post(worker.url, '/recommendations', body(n)));
  const cpuMs = round((usage(worker.pid).cpuMs - before.cpuMs) / times.length);
  print(what, { ...spread(times), cpuMsEach: cpuMs });
}
const { residentMb, peakMb } = usage(worker.pid);
print('memory of the process, all of workerd and KV in it', { beforeFirstRequestMb: empty.residentMb, residentMb, peakMb });
await worker.stop();
agent.destroy();
