// The movies demo in a real browser: what a visitor sees, does with a mouse or the keyboard alone,
// finds again after a reload and without a network.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { faintTexts } from './contrast.mjs';
import { openDemo, PHONE, reasonToSkip, startBrowser } from './demo.mjs';

describe('the movies demo', { skip: reasonToSkip(), concurrency: false }, () => {
  let browser, demo;

  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    demo = await openDemo(browser);
  });
  afterEach(() => demo?.close());

  test('loads with popular movies, no error and no policy violation', async () => {
    await demo.visit();
    assert.equal((await demo.ids('popular')).length, 30);
    assert.deepEqual(await demo.ids('for-you'), []);
    assert.deepEqual(await demo.ids('because'), []);
    await demo.pickPopular(0);
    assert.deepEqual(demo.complaints, []);
    assert.deepEqual(await demo.page.evaluate(() => globalThis.violations), []);
  });

  test('the policy is in force: markup in strings and inline styles are refused', async () => {
    await demo.visit();
    const refused = await demo.page.evaluate(() => {
      try {
        document.createElement('div').innerHTML = '<b>no</b>';
        return false;
      } catch (error) {
        return error instanceof TypeError;
      }
    });
    assert.equal(refused, true);
    const colour = await demo.page.evaluate(() => {
      document.body.setAttribute('style', 'color: rgb(1, 2, 3)');
      return getComputedStyle(document.body).color;
    });
    assert.notEqual(colour, 'rgb(1, 2, 3)');
    const policy = await demo.page.locator('meta[http-equiv]').getAttribute('content');
    const header = (await demo.page.request.get(demo.url)).headers()['content-security-policy'];
    assert.equal(header, `${policy}; frame-ancestors 'none'`);
  });

  test('three clicks change both shelves each time, with the time it took', async () => {
    await demo.visit();
    await demo.screenshot('movies-before');
    let before = { forYou: await demo.ids('for-you'), because: await demo.ids('because') };
    const popular = await demo.ids('popular');
    for (const position of [0, 3, 5]) {
      await demo.pickPopular(position);
      const now = { forYou: await demo.ids('for-you'), because: await demo.ids('because') };
      assert.ok(now.forYou.length >= 12, 'For you is filled');
      assert.ok(now.because.length >= 6, 'Because you watched is filled');
      assert.notDeepEqual(now.forYou, before.forYou);
      assert.notDeepEqual(now.because, before.because);
      for (const shelf of [now.forYou, now.because])
        assert.ok(!shelf.includes(popular[position]), 'what was watched is gone');
      assert.equal(await demo.scrolledBy('because'), 0, 'the best ones are in sight');
      assert.equal(await demo.scrolledBy('for-you'), 0, 'the best ones are in sight');
      before = now;
    }
    const latest = await demo.cards('popular').nth(5).locator('.poster-title').innerText();
    assert.equal(await demo.text('#because-heading'), `Because you watched ${latest}`);
    assert.match(
      await demo.text('#timing'),
      /^Updated in (under )?\d+(\.\d+)?\sms on this device$/u,
    );
    assert.match(await demo.text('#status'), /^Watched .+\. For you updated in .+ms\.$/u);
    assert.equal((await demo.watched()).length, 3);
    await demo.screenshot('movies-after');
  });

  test('no request leaves the page after it has loaded', async () => {
    await demo.visit();
    assert.ok(
      demo.requests.every((request) => request.startsWith(demo.url)),
      demo.requests.join('\n'),
    );
    await demo.watchNetwork();
    demo.requests.length = 0;
    await demo.pickPopular(0, 3, 5);
    await demo.cards('for-you').nth(1).click();
    await demo.pickGenre('Comedy');
    await demo.page.locator('.remove').first().click();
    await demo.page.locator('#start-over').click();
    await demo.page.waitForTimeout(500);
    assert.deepEqual(demo.requests, []);
  });

  test('the keyboard alone is enough, and the focus stays where the visitor was', async () => {
    await demo.visit();
    await demo.pressUntil(
      'Tab',
      ({ shelf, itemId }) => shelf === 'popular' && itemId !== undefined,
    );
    const first = (await demo.focused()).itemId;
    await demo.page.keyboard.press('Enter');
    assert.deepEqual((await demo.focused()).itemId, first, 'the focus stays on the card');
    assert.equal(await demo.cards('popular').first().getAttribute('aria-pressed'), 'true');
    await demo.page.keyboard.press('ArrowRight');
    assert.equal((await demo.focused()).itemId, (await demo.ids('popular'))[1]);
    await demo.page.keyboard.press('Space');
    await demo.pressUntil(
      'Tab',
      ({ shelf, itemId }) => shelf === 'for-you' && itemId !== undefined,
    );
    const recommended = await demo.ids('for-you');
    await demo.page.keyboard.press('Enter');
    assert.ok(
      !(await demo.ids('for-you')).includes(recommended[0]),
      'the picked card left the shelf',
    );
    assert.deepEqual(
      (await demo.focused()).itemId,
      (await demo.ids('for-you'))[0],
      'its place has the focus',
    );
    assert.equal((await demo.watched()).length, 3);
    await demo.pressUntil('Tab', ({ label }) => label.startsWith('Remove '));
    await demo.page.keyboard.press('Enter');
    assert.equal((await demo.watched()).length, 2);
    assert.match((await demo.focused()).label, /^Remove /, 'the next entry has the focus');
    await demo.pressUntil('Shift+Tab', ({ label }) => label === 'start-over');
    await demo.page.keyboard.press('Enter');
    assert.deepEqual(await demo.watched(), []);
    assert.equal((await demo.focused()).label, 'watched-heading');
    assert.deepEqual(await demo.ids('for-you'), []);
  });

  test('a second click on a popular movie takes it back', async () => {
    await demo.visit();
    await demo.pickPopular(0);
    const once = await demo.ids('for-you');
    await demo.pickPopular(2);
    await demo.pickPopular(2);
    assert.equal(await demo.cards('popular').nth(2).getAttribute('aria-pressed'), 'false');
    assert.deepEqual(await demo.ids('for-you'), once);
  });

  test('the genre picker keeps the popular movies of that genre', async () => {
    await demo.visit();
    const all = await demo.ids('popular');
    await demo.pickGenre('Comedy');
    const comedies = await demo.ids('popular');
    assert.notDeepEqual(comedies, all);
    const titles = await demo
      .cards('popular')
      .evaluateAll((list) => list.map((card) => card.title));
    assert.ok(titles.length >= 5 && titles.every((title) => title.includes('Comedy')));
    assert.match(await demo.text('#status'), /^Comedy: \d+ popular movies\.$/u);
    await demo.page.keyboard.press('ArrowLeft');
    assert.notDeepEqual(await demo.ids('popular'), comedies);
  });

  test('a reload keeps the history', async () => {
    await demo.visit();
    await demo.pickPopular(0, 3, 5);
    const before = {
      watched: await demo.watched(),
      forYou: await demo.ids('for-you'),
      heading: await demo.text('#because-heading'),
    };
    await demo.reload();
    assert.deepEqual(
      {
        watched: await demo.watched(),
        forYou: await demo.ids('for-you'),
        heading: await demo.text('#because-heading'),
      },
      before,
    );
    await demo.page.locator('#start-over').click();
    await demo.reload();
    assert.deepEqual(await demo.watched(), []);
  });

  test('works again without a network after the first load', async () => {
    await demo.visit();
    await demo.pickPopular(0);
    const before = await demo.ids('for-you');
    await demo.goOffline();
    await demo.page.waitForSelector('#offline:not([hidden])');
    await demo.page.reload();
    await demo.page.waitForSelector('html[data-ready]');
    assert.deepEqual(await demo.ids('for-you'), before);
    await demo.page.waitForSelector('#offline:not([hidden])');
    await demo.pickPopular(3);
    assert.notDeepEqual(await demo.ids('for-you'), before);
    assert.deepEqual(demo.complaints, []);
  });

  test('a bundle that cannot be loaded is said plainly', async () => {
    await demo.context.route('**/models/sims.attune', (route) => route.abort());
    await demo.page.goto(demo.url);
    await demo.page.waitForSelector('#failure:not([hidden])');
    assert.match(await demo.text('#failure'), /could not be loaded/);
  });

  test('has headings, names and contrast that assistive technology can use', async () => {
    await demo.visit();
    await demo.pickPopular(0, 3);
    const headings = await demo.page
      .locator('h1, h2')
      .evaluateAll((list) => list.map((h) => h.tagName));
    assert.deepEqual(headings, ['H1', 'H2', 'H2', 'H2', 'H2']);
    const nameless = await demo.page
      .locator('button:not([aria-hidden]):not([hidden])')
      .evaluateAll(
        (list) =>
          list.filter((button) => !(button.getAttribute('aria-label') ?? button.innerText).trim())
            .length,
      );
    assert.equal(nameless, 0);
    for (const colorScheme of ['light', 'dark']) {
      await demo.page.emulateMedia({ colorScheme });
      assert.deepEqual(await demo.page.evaluate(faintTexts), [], colorScheme);
    }
  });

  test('fits a phone', async () => {
    await demo.close();
    demo = await openDemo(browser, PHONE);
    await demo.visit();
    await demo.screenshot('movies-phone-before');
    const pageY = () =>
      demo.page
        .locator('#because')
        .evaluate((section) => section.getBoundingClientRect().top + scrollY);
    const before = await pageY();
    for (const position of [0, 1, 2]) await demo.cards('popular').nth(position).tap();
    assert.ok((await demo.ids('for-you')).length >= 12);
    assert.ok(Math.abs((await pageY()) - before) < 1, 'filling a shelf moves nothing');
    assert.equal(
      await demo.page.evaluate(() => document.documentElement.scrollWidth),
      PHONE.viewport.width,
    );
    await demo.screenshot('movies-phone-after');
  });
});
