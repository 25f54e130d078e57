// What a training beside it costs `attune serve`: latencies of POST /v1/events (10 events each, asked for
// at a steady rate whether answers come or not) and of GET /bundles/.../manifest.json, in turns without
// and with a training of user-personalization on all cores. One JSON line.
//   node tests/bench/retrain.mjs [SECONDS a turn=10] [TURNS=3] [REQUESTS a second=100]
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

import { attune, eventually, metric, NO_LIMITS, Place, start } from '../js/collector.mjs';
import { agent, ask, figures, steadily, tenEvents } from './asking.mjs';

const [seconds = 10, turns = 3, rate = 100] = process.argv.slice(2).map(Number);
const kFields = [['USER_ID', 'string'], ['ITEM_ID', 'string'], ['TIMESTAMP', 'long']];
/** Asks at the rate for so long; [milliseconds of events, of manifests]. */
async function load(place, server) {
  const posts = [], gets = [];
  await steadily(seconds * rate, rate, (i) => {
    posts.push(ask(server, '/v1/events', 'POST', tenEvents(place)));
    if (i % 5 === 0) gets.push(ask(server, '/bundles/shop/manifest.json', 'GET'));
  });
  return [await Promise.all(posts), await Promise.all(gets)];
}

const place = new Place();
place.import('interactions', kFields, Array.from({ length: 200_000 }, (_, i) =>
  `u${i % 5000},i${(i * 7919) % 2003},${1_700_000_000 + i}`));
attune('keygen', '--output', place.file('shop.key'));
const idle = { name: 'shop', recipe: 'popularity-count', directory: place.file('shop'), key: place.file('shop.key'), gate: false };
const training = { ...idle, name: 'busy', recipe: 'user-personalization', directory: place.file('busy'),
  config: { algorithmHyperParameters: { epochs: '1000', patience: '100', hidden_dimension: '256' } } };

const times = { without: [[], []], with: [[], []] };
let peakBytes = 0;
for (let turn = 0; turn < turns; turn++) {
  for (const [name, campaigns] of [['without', [idle]], ['with', [idle, training]]]) {
    const server = await start(place, { config: { ...NO_LIMITS, campaigns }, level: 'warning' });
    const running = name === 'with' ? 'attune_job_running{campaign="busy"}' : undefined;
    await eventually(async () => (await metric(server, 'attune_published_version{campaign="shop"}')) > 0);
    if (running && !(await eventually(async () => (await metric(server, running)) === 1))) throw new Error(server.log);
    const both = await load(place, server);
    if (running && (await metric(server, running)) !== 1) throw new Error('the training ended too early');
    both.forEach((some, i) => times[name][i].push(...some));
    peakBytes = Math.max(peakBytes, 1024 * /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]);
    await server.stop();
  }
}
place.remove();
agent.destroy();

const of = ([posts, gets]) => ({ events: figures(posts), manifest: figures(gets) });
console.log(JSON.stringify({ bench: 'retrain', requestsPerSecond: rate, without: of(times.without), with: of(times.with),
  serverPeakBytes: peakBytes, machine: `${cpus()[0].model}, ${cpus().length} cores` }));
