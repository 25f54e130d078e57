// The tracker in real browsers: what is promised when tabs and browsers are killed, the network goes, the
// collector is blocked, or the user does not agree. ATTUNE_KILLS is how many kills (10).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { answering, FakeCollector, startSite } from './tracker-site.mjs';

const js = fileURLToPath(new URL('../../js/', import.meta.url));
const { chromium } = createRequire(join(js, 'package.json'))('playwright-core');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
const kKills = Number(process.env.ATTUNE_KILLS ?? 10);
const skip = existsSync(executablePath) ? false : `no browser at ${executablePath}`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `isDone()`; what it waited for is in the message. */
async function until(isDone, what, seconds = 30) {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await pause(20)) if (await isDone()) return;
  assert.fail(`${what}: not within ${seconds} s`);
}

/** Opens the page and makes its tracker, `tracker`. */
async function openTracker(context, site, collector, options = {}) {
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  await page.goto(site.url);
  await page.evaluate(
    async (given) => {
      globalThis.unhandled = [];
      addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));
      const { createTracker } = await import('/tracker.js');
      globalThis.tracker = createTracker(given);
    },
    { endpoint: collector.url, trackingId: 'key', consent: 'sync', flushIntervalMs: 100, ...options },
  );
  return page;
}

const track = (page, ...itemIds) =>
  page.evaluate(
    (ids) => Promise.all(ids.map((itemId) => tracker.track({ eventType: 'click', itemId }))),
    itemIds,
  );
const itemsOf = (collector) => collector.events.map(({ itemId }) => itemId);
const numbers = (count, prefix = '') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('the tracker in Chromium', { skip, concurrency: false }, () => {
  let site, collector, browser, context;

  before(async () => {
    site = await startSite();
    browser = await chromium.launch({ executablePath, args });
  });
  after(async () => {
    await browser?.close();
    site?.stop();
  });
  beforeEach(async () => {
    collector = await new FakeCollector().start();
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    collector.stop();
  });

  test('brings events to a collector on another origin, in order, without a preflight', async () => {
    const page = await openTracker(context, site, collector);
    const ids = await track(page, ...numbers(30));
    assert.equal(await page.evaluate(() => tracker.flush()), true);
    assert.deepEqual(collector.events.map(({ eventId }) => eventId), ids);
    assert.deepEqual(itemsOf(collector), numbers(30));
    assert.equal(collector.preflights, 0);
    assert.equal(new Set(collector.events.map(({ sessionId }) => sessionId)).size, 1);
    assert.equal(collector.received, 30);
  });

  test('an event that is followed by another page arrives, and the visitor stays who they are', async () => {
    const page = await openTracker(context, site, collector, { flushIntervalMs: 60_000 });
    await track(page, 'first');
    await page.evaluate(() => {
      void tracker.track({ eventType: 'click', itemId: 'last' });
      location.href = '/other';
    });
    await until(() => collector.events.length === 2, 'both events');
    const next = await openTracker(context, site, collector);
    await track(next, 'other');
    await next.evaluate(() => tracker.flush());
    assert.deepEqual(itemsOf(collector), ['first', 'last', 'other']);
    for (const name of ['anonymousId', 'sessionId']) {
      assert.equal(new Set(collector.events.map((event) => event[name])).size, 1, name);
    }
  });

  test('a page that is hidden sends at once', async () => {
    const page = await openTracker(context, site, collector, { flushIntervalMs: 60_000 });
    await track(page, 'a', 'b');
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await until(() => collector.events.length === 2, 'both events');
    assert.equal(await page.evaluate(() => tracker.flush()), true);
    assert.equal(collector.received, 2, 'the answer was read, nothing is sent again');
  });

  test('without keepalive in fetch a page that goes sends a beacon, and later asks for an answer', async () => {
    await context.addInitScript(() => delete Request.prototype.keepalive);
    const page = await openTracker(context, site, collector, { flushIntervalMs: 60_000 });
    await track(page, 'a');
    await page.goto(`${site.url}/other`);
    await until(() => collector.received === 1, 'the beacon');
    const next = await openTracker(context, site, collector);
    await until(() => collector.received === 2, 'the same event');
    assert.equal(await next.evaluate(() => tracker.flush()), true);
    assert.deepEqual(itemsOf(collector), ['a']);
  });

  test('eight tabs bring 200 events each exactly once, and hardly any twice', async () => {
    const pages = await Promise.all(numbers(8).map(() => openTracker(context, site, collector)));
    // One after the other in each tab: a queue over its 1,000 events would rightly drop the oldest.
    const one = async ([from, count]) => {
      for (let i = 0; i < count; i++) await tracker.track({ eventType: 'click', itemId: `${from}-${i}` });
      return String(tracker.storageError);
    };
    const errors = await Promise.all(pages.map((page, i) => page.evaluate(one, [i, 200])));
    assert.deepEqual(new Set(errors), new Set(['undefined']));
    await until(() => collector.events.length >= 1600 - collector.dropped, 'all events', 60);
    for (const page of pages) assert.equal(await page.evaluate(() => tracker.flush()), true);
    const wanted = numbers(8).flatMap((i) => numbers(200, `${i}-`));
    assert.deepEqual(itemsOf(collector).sort(), wanted.sort());
    assert.ok(collector.received <= 1616, `${collector.received} received, at most 1 % twice`);
    assert.equal(new Set(collector.events.map(({ anonymousId }) => anonymousId)).size, 1);
    assert.equal(new Set(collector.events.map(({ sessionId }) => sessionId)).size, 1);
    assert.equal(collector.dropped, 0);
  });

  test('tabs without Web Locks agree by a lease', async () => {
    await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
    const pages = await Promise.all(numbers(3).map(() => openTracker(context, site, collector)));
    await Promise.all(pages.map((page, i) => track(page, ...numbers(20, `${i}-`))));
    await until(() => collector.events.length === 60, 'all events');
    assert.equal(collector.received, 60);
  });

  test('events of a time offline come in order when the network is back', async () => {
    const page = await openTracker(context, site, collector);
    await context.setOffline(true);
    for (const itemId of numbers(20)) await track(page, itemId);
    assert.equal(await page.evaluate(() => tracker.flush()), false);
    assert.equal(collector.requests.length, 0);
    await context.setOffline(false);
    await until(() => collector.events.length === 20, 'all events');
    assert.deepEqual(itemsOf(collector), numbers(20));
    assert.deepEqual(page.complaints, []);
  });

  for (const [what, block] of [
    ['blocked by the browser', (page) => page.route('**/v1/events', (route) => route.abort('blockedbyclient'))],
    ['not there', () => collector.stop()],
    ['hanging', () => (collector.fault = 'hang')],
    ['broken', () => (collector.fault = answering(500))],
  ]) {
    test(`a collector that is ${what} is not the page's affair`, async () => {
      const page = await openTracker(context, site, collector);
      await block(page);
      await track(page, 'a', 'b');
      await page.waitForTimeout(1500);
      assert.deepEqual(await page.evaluate(() => unhandled), []);
      assert.deepEqual(page.complaints, []);
      if (what === 'hanging') return;
      assert.match(await page.evaluate(() => String(tracker.deliveryError)), /the collector/);
    });
  }

  test('Retry-After is heeded across origins', async () => {
    const page = await openTracker(context, site, collector);
    collector.fault = answering(429, { 'Retry-After': '3600' });
    await track(page, 'a');
    await until(() => collector.requests.length === 1, 'the first try');
    collector.fault = undefined;
    assert.equal(await page.evaluate(() => tracker.flush()), false);
    const next = await openTracker(context, site, collector);
    assert.equal(await next.evaluate(() => tracker.flush()), false, 'another tab waits as well');
    assert.equal(collector.requests.length, 1);
  });

  test('without consent not a byte is stored and nothing is sent', async () => {
    const requests = [];
    context.on('request', (request) => requests.push(request.url()));
    const page = await openTracker(context, site, collector, { consent: 'off' });
    await page.evaluate(() => tracker.identify('me'));
    assert.deepEqual(await track(page, 'a', 'b'), [undefined, undefined]);
    await page.evaluate(() => tracker.flush());
    await page.goto(`${site.url}/other`);
    assert.deepEqual(await stored(page), { databases: [], local: 0, session: 0, cookies: '', usage: 0 });
    assert.deepEqual(collector.requests, []);
    assert.deepEqual(requests.filter((url) => url.includes('/v1/')), []);
  });

  test('Global Privacy Control is consent to nothing', async () => {
    await context.addInitScript(() =>
      Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    const page = await openTracker(context, site, collector);
    assert.equal(await page.evaluate(() => tracker.consent), 'off');
    await track(page, 'a');
    await page.evaluate(() => tracker.flush());
    assert.equal((await stored(page)).usage, 0);
    assert.deepEqual(collector.requests, []);
  });

  test('local events stay on the device, and leave it no sooner than sync is agreed to', async () => {
    const page = await openTracker(context, site, collector, { consent: 'local' });
    await track(page, 'a');
    assert.equal(await page.evaluate(() => tracker.flush()), false);
    const next = await openTracker(context, site, collector, { consent: 'local' });
    await next.waitForTimeout(300);
    assert.deepEqual(collector.requests, []);
    await next.evaluate(() => tracker.setConsent('sync'));
    await until(() => collector.events.length === 1, 'the event');
  });

  test('withdrawn consent removes the database under open tabs, and they stop too', async () => {
    collector.fault = answering(503);
    const [page, other] = [
      await openTracker(context, site, collector),
      await openTracker(context, site, collector),
    ];
    await track(page, 'a');
    await track(other, 'b');
    await page.evaluate(() => tracker.setConsent('off'));
    assert.deepEqual((await stored(page)).databases, []);
    await until(() => other.evaluate(() => tracker.consent === 'off'), 'the other tab');
    await track(other, 'c');
    await other.waitForTimeout(300);
    assert.deepEqual((await stored(other)).databases, []);
  });

  test('reset() makes a new visitor and forgets what waited, in all tabs', async () => {
    const page = await openTracker(context, site, collector, { flushIntervalMs: 60_000 });
    const other = await openTracker(context, site, collector, { flushIntervalMs: 60_000 });
    await page.evaluate(() => tracker.identify('me'));
    await track(page, 'old');
    await track(other, 'old');
    await page.evaluate(() => tracker.reset());
    await pause(100);
    await track(page, 'new');
    await track(other, 'new');
    assert.equal(await page.evaluate(() => tracker.flush()), true);
    assert.deepEqual(itemsOf(collector), ['new', 'new']);
    assert.equal(new Set(collector.events.map(({ anonymousId }) => anonymousId)).size, 1);
    assert.deepEqual(collector.events.map(({ userId }) => userId), [undefined, undefined]);
  });

  test('a page out of the back-forward cache goes on', async (t) => {
    const other = await chromium.launch({ executablePath, args, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
    t.after(() => other.close());
    const page = await openTracker(await other.newContext(), site, collector);
    await track(page, 'a');
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => (globalThis.isRestored = persisted));
    });
    await page.goto(`${site.url}/other`);
    await page.evaluate(() => void setTimeout(() => history.back()));
    await until(() => page.evaluate(() => globalThis.isRestored).catch(() => false), 'the page');
    await track(page, 'b');
    assert.equal(await page.evaluate(() => tracker.flush()), true);
    assert.deepEqual(itemsOf(collector), ['a', 'b']);
  });
});

/** A browser of its own process group on a profile, to be ended as a power cut would: SIGKILL. */
async function startKillable(profile) {
  const portFile = join(profile, 'DevToolsActivePort');
  rmSync(portFile, { force: true });
  const child = spawn(
    executablePath,
    ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...args, 'about:blank'],
    { detached: true, stdio: 'ignore' },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await until(() => existsSync(portFile) && readFileSync(portFile, 'utf8').includes('\n'), 'the browser');
  const [port] = readFileSync(portFile, 'utf8').split('\n');
  const connected = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const kill = async () => {
    process.kill(-child.pid, 'SIGKILL');
    await gone;
    await connected.close().catch(() => {});
  };
  return {
    context: connected.contexts()[0],
    kill,
    /** Kills the tab's process alone; the browser itself ends in order. */
    killTab: async (page) => {
      const session = await page.context().newCDPSession(page);
      await Promise.race([session.send('Page.crash').catch(() => {}), pause(1000)]);
      const root = await connected.newBrowserCDPSession();
      await root.send('Browser.close').catch(() => {});
      await gone;
    },
  };
}

/** What the origin of a page holds. */
function stored(page) {
  return page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    local: localStorage.length,
    session: sessionStorage.length,
    cookies: document.cookie,
    usage: (await navigator.storage.estimate()).usage,
  }));
}

describe('the tracker and kills', { skip, concurrency: false }, () => {
  let site, collector, profile;

  before(async () => {
    site = await startSite();
    collector = await new FakeCollector().start();
    profile = mkdtempSync(join(tmpdir(), 'attune-kills-'));
  });
  after(() => {
    site?.stop();
    collector?.stop();
    if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  test(`${kKills} kills of tabs and browsers lose no event whose promise was kept`, async (t) => {
    const promised = [];
    for (let kill = 0; kill < kKills; kill++) {
      collector.fault = kill % 3 === 0 ? answering(503) : undefined;
      const chrome = await startKillable(profile);
      const page = await openTracker(chrome.context, site, collector);
      await page.exposeFunction('committed', (eventId) => void promised.push(eventId));
      await page.evaluate((from) => {
        const go = async () => {
          for (let i = 0; ; i++) {
            const eventId = await tracker.track({ eventType: 'click', itemId: `${from}-${i}` });
            await committed(eventId);
            await new Promise((resolve) => setTimeout(resolve, 2));
          }
        };
        void go();
      }, kill);
      const before = promised.length;
      await until(() => promised.length > before, 'the first event');
      await pause(kill * 37 % 200);
      if (kill % 2) await chrome.kill();
      else await chrome.killTab(page);
    }
    collector.fault = undefined;
    const chrome = await startKillable(profile);
    const page = await openTracker(chrome.context, site, collector);
    const done = new Set();
    await until(() => {
      for (const { eventId } of collector.events) done.add(eventId);
      return promised.every((eventId) => done.has(eventId));
    }, `${promised.length} events`, 60);
    assert.ok(promised.length > kKills);
    t.diagnostic(`${promised.length} promised, ${collector.events.length} arrived, ${collector.received} sent`);
    assert.equal(await page.evaluate(() => String(tracker.storageError)), 'undefined');
    assert.equal(collector.dropped, 0);
    await chrome.kill();
  });
});
