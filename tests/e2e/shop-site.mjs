// Pages of a shop on a free port, under a strict policy, with the package's files below /dist/ and a bundle of
// three groups of items (tests/js/fixtures.mjs) as /shop.attune.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { bundles, dist, root } from '../js/fixtures.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = join(root, 'build/e2e');
const kPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self'";
const kTypes = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html; charset=utf-8' };
const npm = createRequire(join(root, 'js/package.json'));
const kAxe = readFileSync(npm.resolve('axe-core/axe.min.js'), 'utf8');

export const noBrowser = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`;

export function startBrowser() {
  mkdirSync(SCREENSHOTS, { recursive: true });
  return npm('playwright-core').chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}

export class ShopSite {
  /** Bodies by path; a page is at `/`. */
  files = new Map();
  asked = [];
  #server = createServer(({ url }, response) => {
    this.asked.push(url);
    if (url === '/favicon.ico') return response.writeHead(204).end();
    const path = url === '/' ? '/index.html' : url;
    const body = this.files.get(path) ?? (/^\/dist\/[\w.-]+$/.test(path) && existsSync(new URL(path.slice(6), dist))
      ? readFileSync(new URL(path.slice(6), dist)) : undefined);
    const type = kTypes[path.split('.').at(-1)] ?? 'application/octet-stream';
    return response.writeHead(body ? 200 : 404, { 'content-type': type, 'content-security-policy': kPolicy }).end(body);
  });

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}/`;
    return this;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** A page with a body and a module, opened in a fresh profile; what it complains of is in `page.complaints`. */
  async open(browser, body, program) {
    this.files.set('/shop.attune', readFileSync(bundles.sims));
    this.files.set('/program.js', program);
    this.files.set('/index.html', '<!doctype html><html lang="en"><title>Shop</title><meta name="viewport" content="width=device-width">' +
      `<script type="module" src="/program.js"></script><body><main><h1>Shop</h1>${body}</main></body></html>`);
    this.asked.length = 0;
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(60_000);
    watch(page);
    await page.goto(this.url);
    return page;
  }
}

/** Notes what a page complains of, violations of its policy among it. */
export function watch(page) {
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(error.message));
}

/** What axe-core, asked for all it knows, finds wrong. */
export async function axeViolations(page) {
  await page.evaluate(kAxe); // through the debugger, because the policy allows no script of others
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

export const screenshot = (page, name) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
