// Everywhere that the package is said to run: programs that answer golden sessions there.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { dist, root, wasmUrl } from './fixtures.mjs';
import { bundleProgram, installPackage, programs } from './programs.mjs';
import { reasonToSkip as noWorkerd, Worker } from './workerd.mjs';

const modules = join(root, 'tests/hosts/node_modules');
const npm = createRequire(join(root, 'js/package.json'));
const npmOfHosts = createRequire(join(root, 'tests/hosts/package.json'));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const kTimeoutMs = 120_000;

const firstOf = (...paths) => paths.map((path) => join(modules, path)).find((path) => existsSync(path));
const DENO = firstOf('@deno/linux-x64-glibc/deno', '@deno/linux-arm64-glibc/deno');
const BUN = firstOf('@oven/bun-linux-x64/bin/bun', '@oven/bun-linux-x64-baseline/bin/bun', '@oven/bun-linux-aarch64/bin/bun');
const missing = (what, path) => (path && existsSync(path) ? false : `no ${what} for this machine${path ? ` at ${path}` : ''}`);

/** Prints the answers to the requests in one file with the bundle in another. */
const kCommand = `
  import { readFileSync } from 'node:fs';
  import process from 'node:process';
  import { load } from 'attune';
  import { answersOf } from './golden-run.mjs';
  const [requests, bundle] = process.argv.slice(2);
  const recommender = await load(bundle);
  const text = JSON.stringify(answersOf(recommender, JSON.parse(readFileSync(requests, 'utf8'))));
  process.stdout.write(text + '\\n');
`;

const kPage = `
  import { load } from 'attune';
  import { answersOf } from './golden-run.mjs';
  globalThis.answers = async () => {
    const recommender = await load('/bundle', { wasm: '/attune.wasm' });
    return answersOf(recommender, await (await fetch('/requests')).json());
  };
  globalThis.ready = true;
`;

const kWorker = `
  import bundle from './bundle.attune';
  import { load } from 'attune';
  import { HistoryObject } from 'attune/edge';
  import { answersOf } from './golden-run.mjs';
  export { HistoryObject };
  export default {
    async fetch(request) {
      const recommender = await load(bundle);
      return Response.json(answersOf(recommender, await request.json()));
    },
  };
`;

/** Prints what a handler of attune/edge answers to a click and to the list after it. */
const kHandler = `
  import process from 'node:process';
  import { createHandler } from 'attune/edge';
  const handler = createHandler({ bundle: process.argv[2], cookie: { secret: 'a secret of 16 characters' } });
  const post = (path, body, headers) =>
    handler(new Request('https://edge.example' + path, {
      method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers },
    }));
  const event = { eventType: 'click', itemId: 'b1', sentAt: 1700000000 };
  const clicked = await post('/events', { trackingId: 't', sessionId: 's', userId: 'ada', eventList: [event] });
  const cookie = clicked.headers.get('set-cookie').split(';')[0];
  const campaignArn = 'arn:aws:personalize:us-east-1:123456789012:campaign/shop';
  const list = await post('/recommendations', { campaignArn, userId: 'ada', numResults: 5 }, { cookie });
  const related = await handler(new Request('https://edge.example/related/a1'));
  const refused = await post('/recommendations', { campaignArn: 'x' });
  const { itemList } = await list.json();
  const bodies = [await related.json(), await refused.json()];
  console.log(JSON.stringify({ itemList, related: bodies[0].itemList, etag: related.headers.get('etag'), refused: bodies[1] }));
`;

/** Runs a command to its end; its output as JSON. */
async function jsonOf(command, values) {
  const child = spawn(command, values, { cwd: programs, stdio: ['ignore', 'pipe', 'pipe'], timeout: kTimeoutMs });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors.slice(-2000)}`);
  return JSON.parse(output);
}

/** The program is copied, not bundled: the host itself finds the package and the entry for it. */
/** What attune/edge answers in Node, Deno and Bun, by name. */
export const handlersOf = [
  { name: 'Node', skip: false, command: process.execPath, values: [] },
  { name: 'Deno', skip: missing('Deno', DENO), command: DENO, values: ['run', '--no-prompt', '--allow-read'] },
  { name: 'Bun', skip: missing('Bun', BUN), command: BUN, values: ['run'] },
].map(({ name, skip, command, values }) => ({
  name,
  skip,
  answers: (bundle) => {
    installPackage();
    const program = join(programs, `handler-${name}.mjs`);
    writeFileSync(program, kHandler);
    return jsonOf(command, [...values, program, bundle]);
  },
}));

const inCommand = (command, values) => (bundle, requests) => {
  installPackage();
  writeFileSync(join(programs, 'golden-run.mjs'), readFileSync(join(root, 'tests/js/golden-run.mjs')));
  writeFileSync(join(programs, 'golden-command.mjs'), kCommand);
  writeFileSync(join(programs, 'requests.json'), JSON.stringify(requests));
  return jsonOf(command, [...values, 'golden-command.mjs', join(programs, 'requests.json'), bundle]);
};

/** Serves a page with a program and files by path under a strict policy, and lends its address. */
async function withSite(program, files, use) {
  const script = readFileSync(await bundleProgram('page', program, { external: ['/dist/*'] }));
  const all = {
    '/': ['text/html', '<!doctype html><title>golden</title><script type="module" src="/program.js"></script>'],
    '/program.js': ['text/javascript', script],
    '/attune.wasm': ['application/wasm', readFileSync(wasmUrl)],
    ...files,
  };
  const server = createServer(({ url }, response) => {
    const found = Object.hasOwn(all, url) ? all[url] : distFile(url);
    if (!found) return response.writeHead(404).end();
    const [type, body] = found;
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
    return response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** The package's own files, for workers and parts that pages load by their names. */
function distFile(url) {
  const name = /^\/dist\/([\w-]+\.js)$/.exec(url)?.[1];
  return name && existsSync(new URL(name, dist)) ? ['text/javascript', readFileSync(new URL(name, dist))] : undefined;
}

/** What `globalThis.answers()` of a page's program resolves to, once it has set `globalThis.ready`. */
async function answersOfPage(browser, program, files) {
  return withSite(program, files, async (url) => {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(() => globalThis.ready);
    // As text: large objects take the protocols of browsers long.
    const text = await page.evaluate(async () => JSON.stringify(await globalThis.answers()));
    await page.close();
    return JSON.parse(text);
  });
}

/** Lends a function from a program and files to the page's answers. */
export async function withChromium(use) {
  const { chromium } = npm('playwright-core');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    return await use((program, files) => answersOfPage(browser, program, files));
  } finally {
    await browser.close();
  }
}

/** Debian's Firefox is driven over WebDriver BiDi. */
export async function withFirefox(use) {
  const puppeteer = npmOfHosts('puppeteer-core');
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, timeout: kTimeoutMs });
  try {
    return await use((program, files) => answersOfPage(browser, program, files));
  } finally {
    await browser.close();
  }
}

const inPages = (withBrowser) => (use) =>
  withBrowser((answersTo) =>
    use((bundle, requests) =>
      answersTo(kPage, {
        '/bundle': ['application/octet-stream', readFileSync(bundle)],
        '/requests': ['application/json', JSON.stringify(requests)],
      })));

async function inWorkerd(bundle, requests) {
  const worker = await Worker.start('golden', kWorker, { data: { 'bundle.attune': bundle } });
  try {
    const response = await fetch(worker.url, { method: 'POST', body: JSON.stringify(requests) });
    return await response.json();
  } finally {
    await worker.stop();
  }
}

export const noChromium = missing('Chromium', CHROMIUM);
export const noFirefox = missing('Firefox', FIREFOX);

/** Hosts by name: why one is not here, and what lends a function from a bundle and requests to answers. */
export const hosts = [
  { name: 'Deno', skip: missing('Deno', DENO), use: (use) => use(inCommand(DENO, ['run', '--no-prompt', '--allow-read'])) },
  { name: 'Bun', skip: missing('Bun', BUN), use: (use) => use(inCommand(BUN, ['run'])) },
  { name: 'workerd', skip: noWorkerd, use: (use) => use(inWorkerd) },
  { name: 'Chromium', skip: noChromium, use: inPages(withChromium) },
  { name: 'Firefox', skip: noFirefox, use: inPages(withFirefox) },
];
