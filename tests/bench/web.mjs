// Attune beside ONNX Runtime Web, TensorFlow.js and hnswlib-wasm, in Node and in Chromium: loading, the first result, an
// event and the list after it, and the best of 10,000 and 100,000 items; medians. One JSON line a measurement, and a
// chart of them, tests/bench/web.svg. Started by web.sh, which makes what it needs.
//   node tests/bench/web.mjs [--laps 400] [--loads 7] [--chart FILE]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

import { chart } from './chart.mjs';
import { machine, print } from './race.mjs';
import { CHROMIUM, startSite, writeVectors } from './web-site.mjs';

const here = new URL('./', import.meta.url);
const data = new URL('../../build/bench/', here);
const kSizes = [10_000, 100_000];
const kShape = { dimension: 64, results: 25 };
const kGraphItems = 10_000; // building the graph of 100,000 in a page takes minutes: its loading is not measured
const kPeers = JSON.parse(readFileSync(new URL('peers.json', here), 'utf8'));

const { values } = parseArgs({
  options: {
    laps: { type: 'string', default: '400' },
    loads: { type: 'string', default: '7' },
    chart: { type: 'string', default: fileURLToPath(new URL('web.svg', here)) },
  },
});
const laps = Number(values.laps);
const loads = Number(values.loads);
if (!(laps >= 25 && loads >= 1)) {
  console.error('web.mjs: --laps from 25, --loads from 1');
  process.exit(2);
}

if (!existsSync(CHROMIUM)) {
  console.error(`web.mjs: no browser at ${CHROMIUM}; CHROMIUM names another`);
  process.exit(2);
}

const isThere = (name) => name === 'attune' || existsSync(new URL(`node_modules/${name}`, here));
const missing = Object.keys(kPeers).filter((name) => !isThere(name));
if (missing.length > 0) console.error(`web.mjs: leaves out ${missing.join(', ')}: npm install in tests/bench brings them`);

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const rounded = (value) => Number(value.toFixed(4));

/** Who takes part: hnswlib-wasm is "not compiled for" Node, and builds its graph in the page. */
const contenders = (host, withGraphs) =>
  Object.keys(kPeers).filter((name) => isThere(name) && (name !== 'hnswlib-wasm' || (host === 'Chromium' && withGraphs)));

/** In Node each load is a process of its own; works are timed in one process, in turns. */
function nodeHost() {
  const folderOf = (wasm) => new URL('./', new URL(wasm ?? '.', here)).href;
  const entries = Object.fromEntries(Object.entries(kPeers).map(([name, { entry }]) => [name, new URL(entry, here).href]));
  const wasm = Object.fromEntries(Object.entries(kPeers).map(([name, one]) => [name, folderOf(one.wasm)]));
  const run = (task, names, items) => {
    const order = { task, names, entries, wasm, files: data.href, shape: { ...kShape, items }, laps };
    const output = execFileSync(process.execPath, [fileURLToPath(new URL('peers/in-node.mjs', here)), JSON.stringify(order)], { encoding: 'utf8' });
    return JSON.parse(output.trim().split('\n').at(-1));
  };
  return {
    name: 'Node',
    load: (name, items) => run('load', [name], items),
    search: (names, items) => run('search', names, items),
    record: (items) => run('record', ['attune'], items),
    close() {},
  };
}

/** In Chromium each load is a page in a profile of its own: nothing is cached, the server is on this machine. */
async function chromiumHost() {
  const site = await startSite({ here, data, peers: Object.keys(kPeers).filter(isThere).map((name) => [name, kPeers[name]]) });
  const inPage = async (work) => {
    const page = await site.freshPage();
    try {
      return await work(page);
    } finally {
      await page.context().close();
    }
  };
  return {
    name: 'Chromium',
    load: (name, items) => inPage((page) => page.evaluate(([of, shape]) => globalThis.bench.load(of, shape), [name, { ...kShape, items }])),
    search: (names, items) => inPage((page) => page.evaluate(([all, shape, times]) => globalThis.bench.search(all, shape, times), [names, { ...kShape, items }, laps])),
    record: (items) => inPage((page) => page.evaluate(([shape, times]) => globalThis.bench.record(shape, times), [{ ...kShape, items }, laps])),
    close: () => site.stop(),
  };
}

const lines = [];
function note(host, measurement, items, figures, more) {
  lines.push({ host, measurement, items, figures });
  print('web', measurement, { host, items, ...kShape, ...more, ...figures });
}

async function measure(host) {
  for (const items of kSizes) {
    const names = contenders(host.name, items <= kGraphItems);
    const found = Object.fromEntries(names.map((name) => [name, []]));
    for (let turn = 0; turn < loads; turn++) for (const name of names) found[name].push(await host.load(name, items));
    const medians = (key) => Object.fromEntries(names.map((name) => [name, { medianMs: rounded(median(found[name].map((one) => one[key]))) }]));
    note(host.name, 'load', items, medians('loadMs'), { loads });
    note(host.name, 'load and first result', items, medians('firstMs'), { loads });
  }
  for (const items of kSizes) note(host.name, 'search', items, await host.search(contenders(host.name, true), items), { laps });
  note(host.name, 'record and search', kSizes[0], await host.record(kSizes[0]), { laps });
}

for (const items of kSizes) {
  if (!existsSync(new URL(`${items}.attune`, data))) {
    console.error(`web.mjs: build/bench/${items}.attune is missing: bash tests/bench/web.sh makes it`);
    process.exit(2);
  }
  await writeVectors(data, items, kShape);
}
for (const host of [nodeHost(), await chromiumHost()]) {
  try {
    await measure(host);
  } finally {
    await host.close();
  }
}
const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, here), 'utf8')).version;
const others = Object.keys(kPeers).filter((name) => name !== 'attune' && isThere(name)).map((name) => `${name} ${version(name)}`);
const hardware = machine.split(', ').slice(0, 2).join(', ');
const about = [`${hardware}; Node ${process.versions.node}; ${new Date().toISOString().slice(0, 10)}`, `beside ${others.join(', ')}`];
writeFileSync(values.chart, chart(lines, about));
console.error(`web.mjs: the chart is ${values.chart}`);
