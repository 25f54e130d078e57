// The demo with everything behind it: the page, the collector that its clicks go to, and an update a
// minute that brings them back to every visitor.
// Usage: node live.mjs ATTUNE DIST_FOLDER MODELS_FOLDER STORE OUTPUT_FOLDER [--port N]

import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { createStaticServer, listen } from './serve.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PORT = 8081; // not the port of the demo without --live, whose service worker keeps its page
const FIRST_TRAINING_MS = 10 * 60_000;

/** "name expression" a line, as run.sh reads it. */
function readFilters() {
  const lines = readFileSync(join(HERE, 'filters.txt'), 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
}

/** What attune serve is told: the page's write key, and what is updated how often. */
function configuration({ output, key, trackingId, page, everyMinutes }) {
  const common = { key, update: { everyMinutes }, train: { everyDays: 1 } };
  return {
    eventTrackers: [
      {
        name: 'movies-page',
        trackingIdSha256: createHash('sha256').update(trackingId).digest('hex'),
        origins: [page],
      },
    ],
    campaigns: [
      {
        name: 'movies',
        recipe: 'sims',
        config: { algorithmHyperParameters: { max_neighbours: '50' } },
        includeText: ['TITLE'],
        filters: readFilters(),
        directory: join(output, 'published/movies'),
        ...common,
      },
      {
        name: 'popular-now',
        recipe: 'popularity-count',
        config: { algorithmHyperParameters: { window_hours: '24' } },
        directory: join(output, 'published/popular-now'),
        // What is popular now may be all different from what it was a minute ago.
        gate: { maxChurn: 1, minCoverageRatio: 0, minQualityRatio: 0 },
        ...common,
      },
    ],
  };
}

/** Starts attune serve; resolves to its address and a way to end it. */
async function startCollector(attune, { store, output, config }) {
  const path = join(output, 'serve.json');
  writeFileSync(path, JSON.stringify(config, null, 2));
  const log = openSync(join(output, 'serve.log'), 'w');
  const words = ['serve', '--store', store, '--config', path];
  const child = spawn(attune, [...words, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', log],
  });
  const ended = once(child, 'exit');
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => undefined),
  ]);
  if (!first) throw new Error(`attune serve ended: ${lastLine(join(output, 'serve.log'))}`);
  const { listen: address, adminListen } = JSON.parse(first[0]);
  const stop = () => {
    child.kill();
    return ended;
  };
  return { url: `http://${address}`, adminUrl: `http://${adminListen}`, ended, stop };
}

const lastLine = (path) => readFileSync(path, 'utf8').trimEnd().split('\n').at(-1);

/** Resolves when the first bundle of a campaign is published. */
async function published(collector, campaign, log) {
  const manifest = `${collector.url}/bundles/${campaign}/manifest.json`;
  for (const end = Date.now() + FIRST_TRAINING_MS; Date.now() < end; ) {
    if ((await fetch(manifest)).ok) return;
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error(`${campaign} was not published; ${log} says why`);
}

/** Starts it all. Resolves, once the page can be opened, to { url, collector, stop }. */
export async function startLive(options) {
  const { attune, dist, models, store, output, port = PORT, everyMinutes = 1, pollSeconds = 10 } = options;
  mkdirSync(output, { recursive: true });
  const key = join(output, 'live.key');
  if (!existsSync(key)) execFileSync(attune, ['keygen', '--output', key]);
  let collector;
  const server = createStaticServer(join(output, 'site'), { collector: () => collector?.url });
  const page = `http://127.0.0.1:${await listen(server, port)}`;
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await collector?.stop();
  };
  try {
    const trackingId = `atk_${randomBytes(32).toString('hex')}`;
    const config = configuration({ output, key, trackingId, page, everyMinutes });
    collector = await startCollector(attune, { store, output, config });
    const publicKey = readFileSync(`${key}.pub`, 'utf8').trim();
    const live = join(output, 'live.json');
    writeFileSync(live, JSON.stringify({ endpoint: collector.url, trackingId, publicKey, pollSeconds }));
    execFileSync(process.execPath, [join(HERE, 'assemble.mjs'), dist, models, join(output, 'site'), live]);
    for (const { name } of config.campaigns) await published(collector, name, join(output, 'serve.log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `${page}/`, collector, stop };
}

function parseArguments(args) {
  const [attune, dist, models, store, output, flag, port = String(PORT), ...rest] = args;
  const isGood = output && (flag ?? '--port') === '--port' && /^\d{1,5}$/u.test(port) && rest.length === 0;
  if (!isGood || Number(port) > 65535)
    throw new Error('usage: node live.mjs ATTUNE DIST MODELS STORE OUTPUT [--port 0..65535]');
  return { attune, dist, models, store, output, port: Number(port) };
}

async function main(args) {
  const options = parseArguments(args);
  console.log('Starting the collector; the first training takes a few seconds.');
  const { url, collector, stop } = await startLive(options);
  console.log(
    `Attune movies, live: ${url}\n` +
      'Open it in two browser profiles and click: within a minute or so what one watched is in the\n' +
      `other's "Popular now". Figures: ${collector.adminUrl}/metrics, log: ${options.output}/serve.log\n` +
      '(Ctrl-C stops it)',
  );
  let isAsked = false;
  const end = () => {
    isAsked = true;
    void stop();
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  const [code] = await collector.ended;
  await stop();
  if (code !== 0 && !isAsked) throw new Error(`attune serve ended: ${lastLine(join(options.output, 'serve.log'))}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(`live: ${error.message}`);
    process.exit(2);
  });
}
