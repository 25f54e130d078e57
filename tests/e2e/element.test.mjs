// attune/element in a real browser, under a strict policy.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles, idsOf } from '../js/fixtures.mjs';
import { axeViolations, noBrowser as skip, screenshot, ShopSite, startBrowser } from './shop-site.mjs';

const kDefine = "import { defineShelf } from '/dist/element.js'; defineShelf();";
const kCard = '<template><a href="#/item/{itemId}" title="{TITLE}"><b>{position}.</b> {TITLE}</a></template>';

let browser;
let site;
let page;

before(async () => {
  if (skip) return;
  [browser, site] = [await startBrowser(), await new ShopSite().start()];
});
after(async () => {
  await browser?.close();
  site?.stop();
});
afterEach(() => page?.context().close());

/** Opens a page with a shelf and waits until it is in a state. */
async function open(body, { program = kDefine, state = 'ready' } = {}) {
  page = await site.open(browser, body, program);
  await page.locator(`attune-shelf[data-state="${state}"]`).first().waitFor({ state: 'attached' });
  return page;
}

const ids = (shelf = 'attune-shelf') =>
  page.locator(`${shelf} > :is(ul, ol) > li`).evaluateAll((rows) => rows.map(({ dataset }) => dataset.itemId));

/** What the package itself answers after events. */
async function listAfter(events, options) {
  const recommender = await load(bundles.sims);
  const session = recommender.session();
  for (const itemId of events) session.record({ itemId });
  const list = idsOf(session.getRecommendations(options));
  recommender.dispose();
  return list;
}

test('a shelf lists what the package answers, from a template, and axe-core finds nothing', { skip }, async () => {
  await open(`<h2 id="you">For you</h2><attune-shelf src="/shop.attune" num-results="4" aria-labelledby="you">${kCard}</attune-shelf>`);
  assert.deepEqual(await ids(), await listAfter([], { numResults: 4 }));
  const shelf = page.getByRole('region', { name: 'For you' });
  assert.equal(await shelf.getByRole('list').getByRole('listitem').count(), 4);
  assert.match(await shelf.getByRole('link').first().innerText(), /^1\. \S/);
  assert.equal(await shelf.getAttribute('aria-busy'), 'false');
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(page.complaints, []);
  await screenshot(page, 'element');
});

test('a link pressed is told and recorded with its list, and a live shelf follows it, focus included', { skip }, async () => {
  await open(`<attune-shelf src="/shop.attune" num-results="6" event-type="view" live>${kCard}</attune-shelf>`);
  const before = await ids();
  await page.evaluate(() => {
    globalThis.told = [];
    document.addEventListener('attune-select', ({ detail }) => globalThis.told.push(detail));
  });
  await page.locator('attune-shelf a').nth(1).focus();
  await page.keyboard.press('Enter');
  const expected = await listAfter([before[1]], { numResults: 6 });
  assert.notDeepEqual(expected, before);
  assert.deepEqual(await ids(), expected);
  const [told] = await page.evaluate(() => globalThis.told);
  assert.deepEqual([told.itemId, told.position, told.recommendationId.slice(0, 4)], [before[1], 2, 'RID-']);
  const history = await page.evaluate(() => document.querySelector('attune-shelf').session.history);
  assert.deepEqual(history.map(({ itemId, eventType }) => [itemId, eventType]), [[before[1], 'view']]);
  assert.equal(await page.evaluate(() => document.activeElement.matches('attune-shelf li a')), true);
  assert.equal(await page.locator('[role="status"]').innerText(), 'Recommendations updated');
  assert.deepEqual(await axeViolations(page), []);
});

test('a cancelled selection is not recorded, nor is a press beside links and buttons', { skip }, async () => {
  await open(`<attune-shelf src="/shop.attune" live><template><i>{TITLE}</i> <button type="button">Buy</button></template></attune-shelf>`);
  await page.locator('attune-shelf i').first().click();
  await page.evaluate(() => document.addEventListener('attune-select', (event) => event.preventDefault()));
  await page.locator('attune-shelf button').first().click();
  assert.deepEqual(await page.evaluate(() => document.querySelector('attune-shelf').session.history), []);
});

test('shelves of one bundle and user share the download, the session and what it learns', { skip }, async () => {
  await open(
    '<attune-shelf id="one" src="/shop.attune" user-id="ada" live></attune-shelf><attune-shelf id="two" src="/shop.attune" user-id="ada" live></attune-shelf>' +
    '<attune-shelf id="other" src="/shop.attune" live></attune-shelf><attune-shelf id="like" src="/shop.attune" similar-to="b1" num-results="3"></attune-shelf>',
  );
  await page.waitForFunction(() => document.querySelectorAll('[data-state="ready"]').length === 4);
  assert.equal(site.asked.filter((url) => url === '/shop.attune').length, 1);
  const other = await ids('#other');
  await page.locator('#one li[data-item-id="b2"] button').click();
  const expected = await listAfter(['b2']);
  assert.deepEqual(await ids('#one'), expected);
  assert.deepEqual(await ids('#two'), expected);
  assert.deepEqual(await ids('#other'), other, 'another user');
  const recommender = await load(bundles.sims);
  assert.deepEqual(await ids('#like'), idsOf(recommender.similarItems('b1', { numResults: 3 })));
  recommender.dispose();
});

test('attributes and options act at once, an empty list says so', { skip }, async () => {
  await open(`<attune-shelf src="/shop.attune" empty-text="Nothing here">${kCard}</attune-shelf>`, {
    program: `document.querySelector('attune-shelf').options = { filter: 'INCLUDE ItemID WHERE Items.YEAR > $year', filterValues: { year: 2003 } };${kDefine}`,
  });
  const few = await listAfter([], { filter: 'INCLUDE ItemID WHERE Items.YEAR > 2003' });
  assert.deepEqual(await ids(), few);
  const lengths = await page.evaluate(async () => {
    const told = [];
    document.addEventListener('attune-list', ({ detail }) => told.push(detail.itemList.length));
    const shelf = document.querySelector('attune-shelf');
    for (const number of ['3', '2', '1']) shelf.setAttribute('num-results', number);
    await Promise.resolve();
    return told;
  });
  assert.deepEqual(lengths, [1], 'changes made together are one list');
  assert.deepEqual(await ids(), few.slice(0, 1));
  await page.evaluate(() => (document.querySelector('attune-shelf').options = { filter: 'INCLUDE ItemID WHERE Items.YEAR > 3000' }));
  await page.locator('attune-shelf[data-state="empty"]').waitFor();
  assert.equal(await page.getByRole('status').innerText(), 'Nothing here');
  assert.deepEqual(await ids(), []);
  assert.deepEqual(await axeViolations(page), []);
});

test("another user's list is never shown, not even while loading", { skip }, async () => {
  await open('<attune-shelf src="/shop.attune" user-id="ada" live></attune-shelf>');
  await page.locator('li[data-item-id="a2"] button').click();
  await page.evaluate(() => document.querySelector('attune-shelf').setAttribute('user-id', 'bob'));
  await page.locator('attune-shelf[data-state="ready"]').waitFor();
  await page.waitForFunction(() => document.querySelector('attune-shelf').session?.userId === 'bob');
  assert.deepEqual(await ids(), await listAfter([]));
});

test('what fails is told politely, to the page and to its developer, and can be tried again', { skip }, async () => {
  await open('<attune-shelf src="/nowhere.attune"><ul><li><a href="#/1">From the server</a></li></ul></attune-shelf>', { state: 'error' });
  assert.equal(await page.getByRole('status').innerText(), 'Recommendations cannot be shown now');
  assert.equal(await page.getByRole('link').innerText(), 'From the server', 'what the page brought stays');
  assert.match(page.complaints.join('\n'), /attune-shelf: bundle: the answer from \S+\/nowhere\.attune is 404, not a file/);
  assert.deepEqual(await axeViolations(page), []);
  await screenshot(page, 'element-error');
  site.files.set('/nowhere.attune', site.files.get('/shop.attune'));
  await page.evaluate(() => document.querySelector('attune-shelf').refresh());
  await page.locator('attune-shelf[data-state="ready"]').waitFor();
  site.files.delete('/nowhere.attune');
  assert.deepEqual(await ids(), await listAfter([]));
});

for (const [what, body, message] of [
  ['a number that is none', '<attune-shelf src="/shop.attune" num-results="ten"></attune-shelf>', /numResults: "ten" is not a whole number/],
  ['a column that the bundle lacks', '<attune-shelf src="/shop.attune"><template>{TITEL}</template></attune-shelf>', /TITEL.*did you mean "TITLE"/],
  ['a value where it would run', '<attune-shelf src="/shop.attune"><template><b onclick="f({TITLE})">x</b></template></attune-shelf>', /template: the attribute onclick may not hold \{TITLE\}/],
]) {
  test(`${what} is one clear line`, { skip }, async () => {
    await open(body, { state: 'error' });
    assert.match(page.complaints.join('\n'), message);
  });
}

test('ids and texts of a catalogue make no markup and no addresses of their own', { skip }, async () => {
  await open(`<attune-shelf src="/shop.attune" num-results="100"><template>
    <a href="#/item?id={itemId}">{itemId}</a> <a class="own" href="{TITLE}">x</a> <a class="script" href="javascript:{itemId}">y</a>
  </template></attune-shelf>`);
  const found = await page.locator('li[data-item-id="<script>alert(1)</script>"]').evaluate((row) => ({
    text: row.querySelector('a').textContent, href: row.querySelector('a').getAttribute('href'), scripts: document.querySelectorAll('main script').length,
  }));
  assert.deepEqual(found, { text: '<script>alert(1)</script>', href: '#/item?id=%3Cscript%3Ealert(1)%3C%2Fscript%3E', scripts: 0 });
  assert.equal(await page.locator('.script[href]').count(), 0);
});

test('a shelf that is moved or removed and put back goes on, without a second download', { skip }, async () => {
  await open('<attune-shelf src="/shop.attune" live></attune-shelf><section></section>');
  await page.evaluate(() => document.querySelector('section').append(document.querySelector('attune-shelf')));
  await page.locator('section li[data-item-id="b3"] button').click();
  assert.deepEqual(await ids(), await listAfter(['b3']));
  assert.equal(site.asked.filter((url) => url === '/shop.attune').length, 1);
});
