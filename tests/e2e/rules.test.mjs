// What a visitor of the movies demo says about the list: a filter, a promotion, diversity; and what the
// list says of itself. In a real browser, by mouse and by the keyboard alone.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { faintTexts } from './contrast.mjs';
import { openDemo, PHONE, reasonToSkip, startBrowser } from './demo.mjs';

const OLD_COMEDIES = 'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy") AND Items.YEAR < 1990';
const MISSPELT = OLD_COMEDIES.replace('GENRES', 'GENRE');

describe('the rules of the list', { skip: reasonToSkip(), concurrency: false }, () => {
  let browser, demo;

  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    demo = await openDemo(browser);
    await demo.useAxe();
  });
  afterEach(async () => {
    assert.deepEqual(demo.complaints, []);
    assert.deepEqual(await demo.page.evaluate(() => globalThis.violations), []);
    await demo.close();
  });

  const visitAndPick = async () => {
    await demo.visit();
    await demo.pickPopular(0, 1, 3);
  };
  const isInvalid = () => demo.page.locator('#filter').getAttribute('aria-invalid');
  const badges = () => demo.page.locator('#for-you .promoted:not([hidden])');

  test('a filter typed narrows the shelf, and says how many movies pass', async () => {
    await visitAndPick();
    const before = await demo.ids('for-you');
    assert.equal(await demo.text('#filter-count'), 'All 9,066 movies pass');
    await demo.typeFilter(OLD_COMEDIES);
    assert.equal(await isInvalid(), 'false');
    assert.equal(await demo.text('#filter-message'), '');
    const movies = await demo.movies('for-you');
    assert.equal(movies.length, 18);
    assert.ok(movies.every(({ year, genres }) => year < 1990 && genres.includes('Comedy')));
    assert.match(await demo.text('#filter-count'), /^993 of 9,066 movies pass$/u);
    assert.match(await demo.text('#status'), /^993 of 9,066 movies pass\. For you updated in /u);
    assert.match(await demo.text('#rules-facts'), /^18 movies, \d+ genres$/u);
    await demo.typeFilter('');
    assert.deepEqual(await demo.ids('for-you'), before);
  });

  test('a wrong filter shows the mistake in its place, and the last good list stays', async () => {
    await visitAndPick();
    await demo.typeFilter(OLD_COMEDIES);
    const good = await demo.ids('for-you');
    await demo.typeFilter(MISSPELT);
    assert.equal(await isInvalid(), 'true');
    assert.equal(
      await demo.text('#filter-message'),
      'Column 28: no such field; did you mean GENRES? The list still obeys the last good filter.',
    );
    assert.equal(await demo.page.locator('.filter-mirror mark').textContent(), 'GENRE');
    assert.deepEqual(await demo.ids('for-you'), good);
    await demo.pickPopular(2);
    const movies = await demo.movies('for-you');
    assert.ok(movies.every(({ year, genres }) => year < 1990 && genres.includes('Comedy')));
    assert.match(await demo.text('#filter-message'), /^Column 28/u, 'a click leaves the message');
    await demo.screenshot('rules-error');
    await demo.page.locator('#filter-correct').click();
    assert.equal(await demo.page.locator('#filter').inputValue(), OLD_COMEDIES);
    assert.equal(await isInvalid(), 'false');
    assert.equal((await demo.focused()).label, 'filter');
    assert.equal(await demo.page.locator('#filter-correct').isVisible(), false);
  });

  test('the mark lies under the very letters, on whichever line they are', async () => {
    await visitAndPick();
    for (const width of [1280, 380]) {
      await demo.page.setViewportSize({ width, height: 900 });
      await demo.page.locator('#rules').evaluate((panel) => (panel.open = true));
      await demo.typeFilter(MISSPELT);
      const [text, mirror, scrolled] = await demo.page.evaluate(() => {
        const box = document.querySelector('#filter');
        const of = (element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          const { font, padding, letterSpacing, whiteSpace } = getComputedStyle(element);
          return { x, y, width, height, font, padding, letterSpacing, whiteSpace };
        };
        return [of(box), of(box.previousElementSibling), box.scrollHeight - box.clientHeight];
      });
      assert.deepEqual(text, mirror);
      assert.ok(scrolled <= 0, 'all lines are in sight');
    }
  });

  test('a filter that only lacks its end is not called wrong', async () => {
    await visitAndPick();
    const before = await demo.ids('for-you');
    await demo.typeFilter('INCLUDE ItemID WHERE');
    assert.match(await demo.text('#filter-message'), /^Not finished: expected a field/u);
    assert.equal(await demo.page.locator('.filter-mirror mark').count(), 0);
    assert.deepEqual(await demo.ids('for-you'), before);
  });

  test('a filter that can be read but not answered is a mistake too', async () => {
    await visitAndPick();
    const before = await demo.ids('for-you');
    await demo.typeFilter('INCLUDE ItemID WHERE Items.YEAR > $year');
    assert.match(await demo.text('#filter-message'), /^Column 35: .*placeholder/u);
    assert.deepEqual(await demo.ids('for-you'), before);
  });

  test('a filter that nothing passes leaves an empty shelf that says so', async () => {
    await visitAndPick();
    await demo.typeFilter('INCLUDE ItemID WHERE Items.GENRES IN ("Comdy")');
    assert.deepEqual(await demo.ids('for-you'), []);
    assert.equal(await demo.text('#for-you-empty'), 'No movie passes this filter.');
    assert.equal(await demo.text('#filter-count'), '0 of 9,066 movies pass');
    assert.match(await demo.text('#filter-message'), /^No movie passes\./u);
  });

  test('filters of the bundle are one click away, by button or by name', async () => {
    await demo.visit();
    const example = demo.page.locator('.example', { hasText: 'before 1980' });
    await example.click();
    assert.equal(await example.getAttribute('aria-pressed'), 'true');
    assert.equal(
      await demo.page.locator('#filter').inputValue(),
      'INCLUDE ItemID WHERE Items.YEAR < 1980',
    );
    const old = await demo.ids('for-you');
    assert.ok((await demo.movies('for-you')).every(({ year }) => year < 1980));
    await example.click();
    assert.equal(await demo.page.locator('#filter').inputValue(), '');
    await demo.typeFilter('before-1980');
    assert.deepEqual(await demo.ids('for-you'), old);
    await demo.typeFilter('');
    const count = await demo.page.locator('.example').count();
    assert.ok(count >= 3);
    for (let i = 0; i < count; ++i) {
      await demo.page.locator('.example').nth(i).click();
      assert.equal(await isInvalid(), 'false');
      assert.equal((await demo.ids('for-you')).length, 18);
    }
  });

  test('promoted movies have their share of the list, and their badge', async () => {
    await visitAndPick();
    assert.equal(await badges().count(), 0);
    const watched = await demo.page.locator('#popular .card[aria-pressed="true"]').count();
    assert.equal(watched, 3);
    await demo.page.locator('#promotion').selectOption('new');
    assert.equal(await badges().count(), 4, '20 % of 18');
    assert.deepEqual(await badges().allTextContents(), Array(4).fill('Promoted: Since 2010'));
    const promoted = demo.page.locator('#for-you .cell:has(.promoted:not([hidden])) .card');
    for (const title of await promoted.evaluateAll((cards) => cards.map((card) => card.title)))
      assert.match(title, /\((201\d)/u);
    assert.match(await demo.text('#rules-facts'), /4 promoted$/u);
    await demo.page.locator('#promotion-percent').fill('50');
    assert.equal(await badges().count(), 9);
    assert.equal(await demo.text('#promotion-said'), '50\u00a0%');
    await demo.screenshot('rules-promotion');
    await demo.page.locator('#promotion').selectOption('Western');
    assert.deepEqual(new Set(await badges().allTextContents()), new Set(['Promoted: Western']));
    await demo.page.locator('#promotion').selectOption('');
    assert.equal(await badges().count(), 0);
  });

  test('diversity changes the list and leaves its first movie', async () => {
    await visitAndPick();
    const plain = await demo.ids('for-you');
    await demo.page.locator('#diversity').fill('0.8');
    const diverse = await demo.ids('for-you');
    assert.equal(diverse[0], plain[0]);
    assert.equal(diverse.length, plain.length);
    assert.ok(diverse.filter((id) => !plain.includes(id)).length >= 3, 'other movies come in');
    assert.equal(await demo.text('#diversity-said'), '0.8');
    await demo.page.locator('#diversity').fill('0');
    assert.deepEqual(await demo.ids('for-you'), plain);
  });

  test('"Why this?" names a movie that was clicked, on every card', async () => {
    await visitAndPick();
    const clicked = await demo.watched();
    const buttons = demo.page.locator('#for-you .why-button');
    const count = await buttons.count();
    assert.equal(count, 18);
    for (let i = 0; i < count; ++i) {
      await buttons.nth(i).click();
      assert.equal(await buttons.nth(i).getAttribute('aria-expanded'), 'true');
      const title = await demo.cards('for-you').nth(i).locator('.poster-title').textContent();
      assert.equal(await demo.text('#why-heading'), `Why ${title}?`);
      const words = await demo.text('.why-words');
      assert.match(words, /because you watched /iu);
      assert.ok(clicked.some((one) => words.includes(one)), words);
      const listed = await demo.page.locator('.why-title').allInnerTexts();
      assert.ok(listed.length >= 1 && listed.every((one) => clicked.includes(one)));
    }
    assert.equal(await demo.page.locator('[aria-expanded="true"]').count(), 1);
    await demo.screenshot('rules-why');
    await buttons.last().click();
    assert.equal(await demo.page.locator('#why').isVisible(), false);
  });

  test('"Why this?" says what is promoted, what is popular and what the filter did', async () => {
    await demo.visit();
    await demo.page.locator('.example').first().click();
    const why = async (button) => {
      await button.click();
      return demo.text('.why-words');
    };
    const words = await why(demo.page.locator('#for-you .why-button').first());
    assert.match(words, /^Many people watched it; .* It passes your filter\.$/u);
    await demo.page.locator('#promotion').selectOption('new');
    const promoted = demo.page.locator('#for-you .cell:has(.promoted:not([hidden])) .why-button');
    assert.match(await why(promoted.first()), /^It is promoted: 20 % .*“Since 2010”/u);
  });

  test('the panel follows its movie through new lists and goes with it', async () => {
    await visitAndPick();
    const button = demo.page.locator('#for-you .why-button').first();
    await button.click();
    await demo.page.locator('#promotion').selectOption('Western');
    assert.equal(await demo.page.locator('#why').isVisible(), true);
    await demo.cards('for-you').first().click();
    assert.equal(await demo.page.locator('#why').isVisible(), false);
    assert.equal(await demo.page.locator('[aria-expanded="true"]').count(), 0);
  });

  test('the keyboard alone reaches and works everything', async () => {
    await visitAndPick();
    const onto = (id) => demo.pressUntil('Tab', ({ label }) => label === id);
    const { keyboard } = demo.page;
    await demo.page.locator('#for-you .card').first().focus();
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    assert.equal(await demo.page.locator('#why').isVisible(), true);
    await keyboard.press('ArrowRight');
    await keyboard.press('Enter');
    const second = await demo.cards('for-you').nth(1).locator('.poster-title').textContent();
    assert.equal(await demo.text('#why-heading'), `Why ${second}?`);
    const opener = (await demo.focused()).itemId;
    await onto('Close');
    await keyboard.press('Enter');
    assert.equal(await demo.page.locator('#why').isVisible(), false);
    assert.equal((await demo.focused()).itemId, opener, 'the focus goes back to the button');
    await keyboard.press('Enter');
    await keyboard.press('Escape');
    assert.equal(await demo.page.locator('#why').isVisible(), false);
    await onto('filter');
    await keyboard.type('INCLUDE ItemID WHERE Items.YEAR < 1970');
    await demo.filterJudged();
    assert.ok((await demo.movies('for-you')).every(({ year }) => year < 1970));
    await onto('promotion');
    await keyboard.press('ArrowDown');
    assert.equal(await badges().count(), 4);
    await onto('promotion-percent');
    await keyboard.press('ArrowRight');
    assert.equal(await badges().count(), 5, '30 % of 18');
    await onto('diversity');
    await keyboard.press('End');
    assert.equal(await demo.text('#diversity-said'), '1');
    assert.equal((await demo.focused()).label, 'diversity', 'new lists leave the focus');
  });

  test('axe-core finds nothing, at both widths, in both palettes and every state', async () => {
    const check = async (state) => assert.deepEqual(await demo.axeViolations(), [], state);
    for (const width of [1280, 380]) {
      await demo.page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ['light', 'dark']) {
        await demo.page.emulateMedia({ colorScheme });
        await demo.visit();
        await demo.page.locator('#rules').evaluate((panel) => (panel.open = true));
        await check('at first');
        await demo.pickPopular(0, 1, 3);
        await demo.typeFilter(OLD_COMEDIES);
        await demo.page.locator('#promotion').selectOption('new');
        await demo.page.locator('#for-you .why-button').first().click();
        await check('with a filter, a promotion and a reason');
        await demo.typeFilter(MISSPELT);
        await check('with a mistake');
        assert.deepEqual(await demo.page.evaluate(faintTexts), []);
        await demo.page.locator('#start-over').click();
      }
    }
  });

  test('fits a phone: the rules wait below the list, closed, and nothing is wider than the page', async () => {
    await demo.close();
    demo = await openDemo(browser, PHONE);
    await visitAndPick();
    const wide = () => demo.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await demo.page.locator('#filter').isVisible(), false);
    await demo.page.locator('#rules summary').tap();
    await demo.typeFilter(MISSPELT);
    await demo.page.locator('#promotion').selectOption('new');
    await demo.page.locator('#for-you .why-button').first().tap();
    assert.equal(await wide(), PHONE.viewport.width);
    const small = await demo.page
      .locator('#for-you button:not([aria-hidden]):visible, #rules select, #rules summary')
      .evaluateAll((list) =>
        list.filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.className));
    assert.deepEqual(small, [], 'large enough for fingers');
    await demo.screenshot('rules-phone');
  });
});
