// The movies demo with its collector: two visitors, and what one of them clicks reaches the other.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startLive } from '../../examples/movies/live.mjs';
import { reasonToSkip, startBrowser } from './demo.mjs';
import { axeViolations } from './shop-site.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOVIES = join(ROOT, 'build/movies');
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');
const UPDATED_WITHIN_MS = 180_000; // two campaigns' updates on a busy machine

const skip = reasonToSkip() || (existsSync(join(MOVIES, 'attune.db')) ? false : `no store in ${MOVIES}`);

describe('the movies demo, live', { skip, concurrency: false }, () => {
  let folder, live, browser;
  const visitors = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'attune-live-'));
    copyFileSync(join(MOVIES, 'attune.db'), join(folder, 'attune.db'));
    live = await startLive({
      attune: ATTUNE, dist: join(ROOT, 'js/dist'), models: join(MOVIES, 'models'),
      store: join(folder, 'attune.db'), output: folder, port: 0, everyMinutes: 0.02, pollSeconds: 1,
    });
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await live?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A visitor with a browser profile of their own. */
  async function visit() {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(live.url);
    await page.waitForSelector('html[data-ready]');
    const ids = (shelf) => page.locator(`#${shelf} .cell`).evaluateAll((cells) => cells.map((cell) => cell.dataset.itemId));
    const card = (shelf, id) => page.locator(`#${shelf} .cell[data-item-id="${id}"] .card`);
    const visitor = { page, complaints, ids, card };
    visitors.push(visitor);
    return visitor;
  }

  const figure = async (name) => {
    const text = await (await fetch(`${live.collector.adminUrl}/metrics`)).text();
    return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? 0);
  };

  test('what one visitor clicks is in the popular shelf of the other after the next update', async () => {
    const [one, other] = [await visit(), await visit()];
    const before = await other.ids('popular-now');
    const [version] = await Promise.all([other.page.evaluate(() => document.documentElement.dataset.popularVersion)]);
    const movie = (await one.ids('popular')).find((id) => !before.includes(id));
    await one.card('popular', movie).click();
    await other.card('popular-now', movie).waitFor({ timeout: UPDATED_WITHIN_MS });
    assert.deepEqual(await other.ids('popular-now'), [movie], 'the newest day is that of the click');
    assert.equal(await other.card('popular-now', movie).getAttribute('aria-pressed'), 'false');
    assert.notEqual(await other.page.evaluate(() => document.documentElement.dataset.popularVersion), version);
    assert.match(await other.page.locator('#live').innerText(), /^Live, version \d+$/);
    await one.card('popular-now', movie).waitFor({ timeout: UPDATED_WITHIN_MS });
    assert.equal(await one.card('popular-now', movie).getAttribute('aria-pressed'), 'true');
    await other.page.screenshot({ path: join(ROOT, 'build/e2e/live.png') });
  });

  test('taking a movie back tells the collector nothing twice', async () => {
    const [one] = visitors;
    const [first, second] = await one.ids('popular');
    const stored = await figure('attune_events_total{result="stored"}');
    await one.card('popular', first).click();
    await one.card('popular', second).click();
    await one.card('popular', first).click(); // takes it back, and keeps the second
    await one.page.locator('.watched-item').first().waitFor();
    await one.page.waitForTimeout(3000); // longer than events wait for company
    assert.equal(await figure('attune_events_total{result="stored"}') - stored, 2);
  });

  test('axe-core finds nothing in the page with its shelf of what is popular now, in both palettes and on a phone', async () => {
    const [, { page }] = visitors;
    assert.ok((await page.locator('#popular-now .card').count()) > 0);
    for (const [width, colorScheme] of [[1280, 'light'], [1280, 'dark'], [390, 'dark']]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await axeViolations(page), [], `${width} ${colorScheme}`);
    }
    await page.screenshot({ path: join(ROOT, 'build/e2e/live-phone.png') });
  });

  test('nobody complained: no error, no warning, no violation of the policy', () => {
    for (const { complaints } of visitors) assert.deepEqual(complaints, []);
  });
});
