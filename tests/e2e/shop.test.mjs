// examples/shop as it stands, built and visited.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { createStaticServer, listen } from '../../examples/movies/serve.mjs';
import { root } from '../js/fixtures.mjs';
import { axeViolations, noBrowser as skip, screenshot, startBrowser, watch } from './shop-site.mjs';

const RUN = join(root, 'examples/shop/run.sh');
const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2, colorScheme: 'dark' };

describe('the shop', { skip }, () => {
  let browser;
  let folder;
  let server;
  let url;
  let said;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'attune-shop-'));
    const env = { ATTUNE_BIN: join(root, 'build/native/attune'), ...process.env, ATTUNE_SHOP: folder };
    said = execFileSync('bash', [RUN, '--once'], { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 300_000 });
    server = createStaticServer(join(folder, 'site'));
    url = `http://127.0.0.1:${await listen(server, 0)}/`;
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    server?.close();
    server?.closeAllConnections();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function visit(options = DESKTOP, path = '') {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    watch(page);
    await page.goto(url + path);
    await page.waitForSelector('html[data-ready]');
    return page;
  }
  const ids = (page, shelf) => page.locator(`#${shelf} .card`).evaluateAll((cards) => cards.map(({ dataset }) => dataset.itemId));
  /** The page shows another view some time after a click on a link. */
  const facts = async (page, shelf) => {
    await page.locator(`#${shelf} .card`).first().waitFor();
    return page.locator(`#${shelf} .card-facts`).allInnerTexts();
  };
  const prices = async (page) => (await page.locator('.card .price').allInnerTexts()).map((text) => Number(text.slice(1)));
  const h1 = (page) => page.getByRole('heading', { level: 1 }).innerText();
  const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  /** A slider is moved as a visitor's hand moves it. */
  const slide = (page, id, value) => page.locator(id).evaluate((slider, to) => {
    slider.value = to;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, String(value));

  test('run.sh says how well the bundle does, and what a visitor who looks at boots is shown', () => {
    const [, own, popular] = /^NDCG@10 of the customers' last events: (0\.\d{3}); what is popular alone (0\.\d{3})$/m.exec(said).map(Number);
    assert.ok(own > popular, `${own} and ${popular}`);
    const after = said.split('After a look at three pairs of boots:\n')[1].split('\n').slice(0, 5);
    assert.ok(after.filter((line) => /\[(boots|loafers|sandals|slippers|trainers)\]$/.test(line)).length >= 3, after.join('\n'));
  });

  test('a product that is looked at changes the shelves at once, without a request, and its page has what goes with it', async () => {
    const page = await visit();
    assert.deepEqual(await Promise.all(['popular-now', 'for-you', 'just-in'].map(async (shelf) => (await ids(page, shelf)).length)), [5, 10, 5]);
    const before = await ids(page, 'for-you');
    await screenshot(page, 'shop-home');
    await page.waitForLoadState('networkidle');
    const requests = [];
    page.on('request', (request) => requests.push(request.url().replace(`${url}icon.svg`, '')));
    const title = await page.locator('#popular-now .card-title').nth(3).innerText();
    await page.locator('#popular-now .card-link').nth(3).click();
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus is where the new page begins');
    assert.match(await page.title(), new RegExp(`^${title} · `));
    assert.equal((await ids(page, 'related')).length, 5);
    const shown = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1));
    assert.ok(![...(await ids(page, 'related')), ...(await ids(page, 'for-you'))].includes(shown));
    await screenshot(page, 'shop-product');
    await page.getByRole('link', { name: 'Fernway' }).click();
    assert.notDeepEqual(await ids(page, 'for-you'), before);
    assert.deepEqual(requests.filter(Boolean), [], 'only the browser looks for the icon again');
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test('three looks at one kind fill the shelf with its department, and "Why?" names what was looked at', async () => {
    const page = await visit(DESKTOP, '#/department/lighting');
    const lamps = page.locator('#ranked .card', { hasText: 'Pendants' });
    for (const place of [0, 1, 2]) {
      await lamps.nth(place).locator('.card-link').click();
      await page.getByRole('link', { name: 'Lighting' }).first().click();
      await lamps.first().waitFor();
    }
    assert.match((await facts(page, 'ranked'))[0], /^(Pendants|Table lamps|Floor lamps|Lanterns|Candles)/);
    await page.getByRole('link', { name: 'Fernway' }).click();
    const kinds = await facts(page, 'for-you');
    assert.ok(kinds.filter((kind) => /^(Pendants|Table lamps|Floor lamps|Lanterns|Candles)/.test(kind)).length >= 3, kinds.join());
    const reasons = [];
    for (const button of await page.locator('#for-you .why').all()) {
      await button.click();
      assert.equal(await button.getAttribute('aria-expanded'), 'true');
      reasons.push(await button.locator('xpath=ancestor::li').locator('.why-words').innerText());
    }
    assert.ok(reasons.some((reason) => /^Because of .*pendant light|^Because you looked at it/.test(reason)), reasons.join('\n'));
    assert.ok(reasons.some((reason) => /^It is an offer/.test(reason)), reasons.join('\n'));
    assert.deepEqual(await axeViolations(page), []);
    await screenshot(page, 'shop-why');
    const tried = () => page.locator('#for-you .badge-try').count();
    for (let visits = 0; visits < 10 && (await tried()) === 0; visits++) { // each draws anew what to try
      await page.waitForTimeout(500); // the history is stored behind the answer
      await page.reload();
      await page.waitForSelector('html[data-ready]');
    }
    assert.ok((await tried()) > 0, 'new products are tried');
    await page.locator('#try-new').uncheck();
    assert.equal(await tried(), 0);
    await page.context().close();
  });

  test('rules hold on every shelf: in stock, up to a price, for whom', async () => {
    const page = await visit();
    await slide(page, '#max', 200);
    const limit = Number((await page.locator('#max-said').innerText()).slice(1));
    assert.ok(limit > 20 && limit < 100, `${limit}`);
    const found = await prices(page);
    assert.ok(found.length > 10 && found.every((price) => price <= limit), `${limit}: ${found}`);
    await page.goto(`${url}#/department/shoes`);
    const inStock = (await ids(page, 'ranked')).length;
    await page.locator('#in-stock').uncheck();
    assert.ok((await ids(page, 'ranked')).length > inStock);
    assert.ok((await page.locator('#ranked').getByText('Sold out').count()) > 0);
    await slide(page, '#max', 10_000);
    /** The mean place, from 0, of what is for women. */
    const placeForWomen = async () => {
      const places = (await facts(page, 'ranked')).flatMap((text, place) => (text.includes('for women') ? [place] : []));
      return places.reduce((sum, place) => sum + place, 0) / places.length;
    };
    await page.locator('#audience').selectOption('M');
    const men = await placeForWomen();
    await page.locator('#audience').selectOption('F');
    const women = await placeForWomen();
    assert.ok(women < men, `in place ${women} when shopping for women, ${men} for men`);
    await slide(page, '#max', 1);
    assert.match(await page.locator('#ranked .empty').innerText(), /Try a higher price/);
    assert.deepEqual(await axeViolations(page), []);
    await page.context().close();
  });

  test('the bag: by keyboard alone, kept over a visit, bought, and all forgotten', async () => {
    const page = await visit();
    const add = page.locator('#for-you .round-button').first();
    const [first] = await ids(page, 'for-you');
    await add.focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#bag-count').innerText(), 'Bag (1)');
    assert.ok(!(await ids(page, 'for-you')).includes(first), 'what is in the bag is recommended no more');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'for-you-heading', 'the focus stays at its shelf');
    await page.waitForTimeout(500); // the history is stored behind the answer
    await page.reload();
    await page.waitForSelector('html[data-ready]');
    assert.equal(await page.locator('#bag-count').innerText(), 'Bag (1)');
    await page.locator('.bag-link').click();
    assert.equal(await h1(page), 'Your bag');
    await screenshot(page, 'shop-bag');
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: /^Buy for €/ }).click();
    assert.equal(await page.locator('#bag-count').innerText(), 'Bag');
    assert.ok(!(await ids(page, 'for-you')).includes(first));
    await page.locator('#forget').click();
    assert.equal(await page.locator('#forget').isVisible(), false);
    await page.getByRole('link', { name: 'Fernway' }).click();
    await page.locator('#popular-now + #for-you').waitFor(); // as on a first visit
    assert.equal((await ids(page, 'for-you')).length, 10);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test('axe-core finds nothing in any kind of page, light and dark, and nothing scrolls sideways from 320 pixels on', async () => {
    const pages = ['#/', '#/product/i7', '#/department/clothing', '#/bag', '#/nowhere'];
    for (const [options, judged] of [[DESKTOP, pages], [PHONE, pages.slice(0, 2)]]) {
      const page = await visit(options);
      for (const hash of judged) {
        await page.evaluate((to) => { location.hash = to; }, hash);
        await page.waitForTimeout(50);
        assert.deepEqual(await axeViolations(page), [], `${hash} at ${options.viewport.width}`);
        if (options === PHONE) await screenshot(page, `shop-phone-${hash.replace(/\W+/g, '-')}`);
      }
      for (const width of [320, 390, 600, 768, 1024, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        for (const hash of pages) {
          await page.evaluate((to) => { location.hash = to; }, hash);
          await page.waitForTimeout(20);
          assert.ok(await fits(page), `${hash} at ${width}`);
        }
      }
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    }
  });

  test('addresses that are wrong and bundles that are missing are said in words', async () => {
    const page = await visit(DESKTOP, '#/product/%E0%A4%A');
    assert.equal(await h1(page), 'There is no such thing here');
    await page.goto(`${url}#/product/nothing`);
    assert.equal(await h1(page), 'There is no such thing here');
    await page.route('**/sims.attune', (route) => route.fulfill({ status: 404 }));
    await page.reload();
    assert.match(await page.getByRole('alert').innerText(), /^The shelves could not be made: .*sims\.attune/);
    await page.context().close();
  });
});

test('run.sh and serve.mjs refuse what they do not know in one line', () => {
  for (const [program, ...values] of [['bash', RUN, '--twice'], ['bash', RUN, '--port', '70000'], ['node', join(root, 'examples/shop/serve.mjs'), '/nowhere']])
    assert.throws(() => execFileSync(program, values, { stdio: 'pipe' }), ({ status, stderr }) => status === 2 && /^[^\n]+\n$/.test(String(stderr)));
});
