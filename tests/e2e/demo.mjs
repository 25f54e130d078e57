// A visit to the movies demo: the assembled site on a free port, in a fresh browser profile.
// ATTUNE_SITE is the site's folder (build/movies/site), CHROMIUM the browser (/usr/bin/chromium).
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStaticServer, listen } from '../../examples/movies/serve.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SITE = process.env.ATTUNE_SITE ?? join(ROOT, 'build/movies/site');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = join(ROOT, 'build/e2e');
const DESKTOP = { width: 1280, height: 900 };
export const PHONE = {
  viewport: { width: 380, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
  colorScheme: 'dark',
};
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS = 15000;
const STORED_AFTER_MS = 500; // the history is stored behind the answer

/** Why the tests cannot run here, or false. */
export function reasonToSkip() {
  if (!existsSync(join(SITE, 'index.html'))) {
    return `no site at ${SITE}: run examples/movies/run.sh --once first`;
  }
  return existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`;
}

const npm = createRequire(join(ROOT, 'js/package.json'));

export async function startBrowser() {
  const { chromium } = npm('playwright-core');
  mkdirSync(SCREENSHOTS, { recursive: true });
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Serves the site and opens an empty page; `options` are those of a Playwright context. */
export async function openDemo(browser, options = {}) {
  const server = createStaticServer(SITE);
  const url = `http://127.0.0.1:${await listen(server, 0)}/`;
  const context = await browser.newContext({
    viewport: DESKTOP,
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS);
  const demo = new Demo(server, url, context, await context.newPage());
  await demo.watch_();
  return demo;
}

class Demo {
  constructor(server, url, context, page) {
    Object.assign(this, { server, url, context, page });
    this.complaints = []; // console errors and warnings, and uncaught errors
    this.requests = []; // URLs, in the order they were asked for
  }

  async watch_() {
    this.context.on('request', (request) => this.requests.push(request.url()));
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    await this.page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => {
        globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
      });
    });
  }

  /** What the browser itself sends, beside what Playwright sees. */
  async watchNetwork() {
    const session = await this.context.newCDPSession(this.page);
    await session.send('Network.enable');
    session.on('Network.requestWillBeSent', ({ request }) => this.requests.push(request.url));
    session.on('Network.webSocketCreated', (socket) => this.requests.push(socket.url));
  }

  /** Has axe-core in every page, past the policy: pages may load no script of others. */
  useAxe() {
    return this.context.addInitScript({ path: npm.resolve('axe-core/axe.min.js') });
  }

  /** What axe-core, asked for all it knows, finds wrong: rules, with the first elements. */
  async axeViolations() {
    const { violations } = await this.page.evaluate(() => globalThis.axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)[0]}`);
  }

  /** Opens the page and waits until it is usable and kept for offline use. */
  async visit() {
    await this.page.goto(this.url);
    await this.settle_();
  }

  async reload() {
    await this.page.waitForTimeout(STORED_AFTER_MS);
    await this.page.reload();
    await this.settle_();
  }

  async goOffline() {
    await this.page.waitForTimeout(STORED_AFTER_MS);
    this.stopServer();
    await this.context.setOffline(true);
  }

  async settle_() {
    await this.page.waitForSelector('html[data-ready]');
    await this.page.waitForSelector('#offline-ready:not([hidden])');
    await this.page.waitForLoadState('networkidle');
  }

  stopServer() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async close() {
    await this.context.close();
    this.stopServer();
  }

  cards(shelf) {
    return this.page.locator(`#${shelf} .card`);
  }

  /** Item ids of a shelf's cards, in order. */
  ids(shelf) {
    const cells = this.page.locator(`#${shelf} .cell`);
    return cells.evaluateAll((list) => list.map((cell) => cell.dataset.itemId));
  }

  scrolledBy(shelf) {
    return this.page.locator(`#${shelf} .row`).evaluate((row) => row.scrollLeft);
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }

  /** Titles of the watched movies, the latest first. */
  watched() {
    return this.page.locator('.watched-title').allInnerTexts();
  }

  /** Where the keyboard focus is: the shelf and item of a card, the label of anything else. */
  focused() {
    return this.page.evaluate(() => ({
      itemId: document.activeElement.closest('.cell')?.dataset.itemId,
      shelf: document.activeElement.closest('.shelf')?.id,
      label: document.activeElement.getAttribute('aria-label') ?? document.activeElement.id,
    }));
  }

  /** Types a filter, replacing what is there, and waits until it has been judged. */
  async typeFilter(text) {
    const box = this.page.locator('#filter');
    await box.fill('');
    await box.pressSequentially(text);
    await this.filterJudged();
  }

  /** The page waits for a pause in typing. */
  filterJudged() {
    return this.page.locator('#filter-rule:not([aria-busy])').waitFor();
  }

  /** Genres and years of a shelf's movies. */
  async movies(shelf) {
    const titles = await this.cards(shelf).evaluateAll((cards) => cards.map(({ title }) => title));
    return titles.map((title) => {
      const [, year, genres] = /\((?:(\d{4})(?:, )?)?([^()]*)\)$/u.exec(title);
      return { year: Number(year), genres: genres.split(', ') };
    });
  }

  async pickPopular(...positions) {
    for (const position of positions) await this.cards('popular').nth(position).click();
  }

  async pickGenre(name) {
    await this.page.locator('.genre', { hasText: name }).click();
  }

  /** Presses a key until `reached(focused)`. */
  async pressUntil(key, reached) {
    for (let presses = 0; presses < 120; ++presses) {
      await this.page.keyboard.press(key);
      if (reached(await this.focused())) return;
    }
    throw new Error(`${key}, pressed 120 times, never got there`);
  }

  screenshot(name) {
    return this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }
}
