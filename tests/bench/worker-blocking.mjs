// How long attune/worker holds up the page: the longest task of the main thread while a bundle is loaded and
// lists are asked for in a worker, beside a page that does nothing and one that does the same without a worker.
//   node tests/bench/worker-blocking.mjs BUNDLE [LISTS]
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';

import { withChromium } from '../js/hosts.mjs';

const [bundle, lists = '200'] = process.argv.slice(2);
if (!bundle || !(Number(lists) >= 1)) {
  console.error('usage: node tests/bench/worker-blocking.mjs BUNDLE [LISTS]');
  process.exit(2);
}

const kPage = `
  import { load as inWorker } from '/dist/worker.js';
  import { load as inPage } from '/dist/index.js';
  /** Milliseconds between turns of the event loop while work is done, the longest and their 99.9th percentile. */
  async function gaps(work) {
    const { port1, port2 } = new MessageChannel();
    const found = [];
    let last = performance.now();
    let isDone = false;
    const turn = new Promise((resolve) => {
      port1.onmessage = () => {
        const now = performance.now();
        found.push(now - last);
        last = now;
        if (isDone) resolve(); else port2.postMessage(0);
      };
    });
    port2.postMessage(0);
    await work();
    isDone = true;
    await turn;
    found.sort((a, b) => b - a);
    return { longestMs: found[0], p999Ms: found[Math.floor(found.length / 1000)], turns: found.length };
  }
  async function use(load) {
    const bytes = await (await fetch('/bundle')).arrayBuffer();
    const recommender = await load(bytes, { wasm: '/attune.wasm' });
    const session = recommender.session();
    for (let i = 0; i < ${Number(lists)}; i++) {
      await session.record({ itemId: 'unknown ' + i });
      await session.getRecommendations({ numResults: 25 });
      await new Promise((resolve) => setTimeout(resolve));
    }
    recommender.dispose();
  }
  globalThis.answers = async () => ({
    nothing: await gaps(() => new Promise((resolve) => setTimeout(resolve, 3000))),
    worker: await gaps(() => use(inWorker)),
    page: await gaps(() => use(inPage)),
  });
  globalThis.ready = true;
`;

const found = await withChromium((answersTo) => answersTo(kPage, { '/bundle': ['application/octet-stream', readFileSync(bundle)] }));
for (const [where, figures] of Object.entries(found)) {
  console.log(JSON.stringify({ what: 'turns of the main thread', where, ...figures, lists: Number(lists), bundle: basename(bundle), cpu: cpus()[0].model, cores: cpus().length }));
}
