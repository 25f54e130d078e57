// attune/react: rendered on a server, taken over by a page in StrictMode, under a strict policy.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { load } from '../../js/dist/node.js';
import { bundles, idsOf, root, wasmUrl } from '../js/fixtures.mjs';
import { bundleProgram } from '../js/programs.mjs';
import { axeViolations, noBrowser, ShopSite, startBrowser } from './shop-site.mjs';

const noReact = existsSync(join(root, 'tests/hosts/node_modules/react-dom')) ? false : 'no React: run "npm ci" in tests/hosts';
const skip = noReact || noBrowser;

const kShelf = `
  import { createElement as h, StrictMode, useState } from 'react';
  import { useRecommendations } from 'attune/react';
  let renders = 0;
  function Shelf({ initial, source = '/shop.attune' }) {
    const [userId, setUser] = useState('ada');
    globalThis.setUser = setUser;
    globalThis.renders = ++renders;
    const shelf = useRecommendations(source, { userId, numResults: 4, metadataColumns: { ITEMS: ['TITLE'] }, initial });
    globalThis.shelf = shelf;
    return h('ul', { 'aria-label': 'For you', 'data-status': shelf.status },
      shelf.itemList.map(({ itemId, metadata }) => h('li', { key: itemId, id: itemId },
        h('button', { onClick: () => shelf.record({ itemId }) }, metadata.TITLE))));
  }
  export const app = (props) => h(StrictMode, null, h(Shelf, props));
`;
const kServer = `${kShelf}
  import { renderToString } from 'react-dom/server';
  export const html = (props) => renderToString(app(props));
`;
const kClient = `${kShelf}
  import { hydrateRoot } from 'react-dom/client';
  const element = document.getElementById('root');
  globalThis.root = hydrateRoot(element, app(JSON.parse(element.dataset.props)));
`;

const kOptions = { numResults: 4, metadataColumns: { ITEMS: ['TITLE'] } };
let browser;
let site;
let html;
let recommender;

before(async () => {
  recommender = await load(bundles.sims);
  if (noReact) return;
  ({ html } = await import(pathToFileURL(await bundleProgram('react-server', kServer, { platform: 'node' })).href));
  if (skip) return;
  [browser, site] = [await startBrowser(), await new ShopSite().start()];
  site.files.set('/attune.wasm', readFileSync(wasmUrl));
});
after(async () => {
  recommender.dispose();
  await browser?.close();
  site?.stop();
});

/** What the package itself lists after clicks. */
function listAfter(...events) {
  const session = recommender.session();
  for (const itemId of events) session.record({ itemId });
  return session.getRecommendations(kOptions);
}

/** A page that the server rendered with these properties, with its client program. */
async function open(props) {
  const attribute = JSON.stringify(props).replaceAll('&', '&amp;').replaceAll("'", '&#39;');
  const program = readFileSync(await bundleProgram('react-client', kClient));
  return site.open(browser, `<div id="root" data-props='${attribute}'>${html(props)}</div>`, program);
}

const idsIn = (page) => page.locator('li').evaluateAll((rows) => rows.map(({ id }) => id));
const settled = (page, status = 'ready') => page.waitForFunction((wanted) => globalThis.shelf?.session && globalThis.shelf.status === wanted, status);

test('on a server the hook loads nothing and shows the list that it is given, or none', { skip: noReact }, () => {
  assert.equal(html({}), '<ul aria-label="For you" data-status="loading"></ul>');
  const initial = listAfter('a1');
  const shown = [...html({ initial }).matchAll(/<li id="([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(shown, idsOf(initial));
  assert.equal(html({ source: null }), html({}));
});

test('a page takes over what the server rendered, and then lists and follows what is recorded', { skip }, async () => {
  const page = await open({ initial: listAfter('b1') });
  await settled(page);
  assert.deepEqual(await idsIn(page), idsOf(listAfter()), "the device's own history counts");
  const [first] = await idsIn(page);
  const id = await page.evaluate(() => globalThis.shelf.recommendationId);
  await page.locator('li button').first().click();
  assert.deepEqual(await idsIn(page), idsOf(listAfter(first)));
  assert.notEqual(await page.evaluate(() => globalThis.shelf.recommendationId), id);
  assert.equal(await page.evaluate(() => globalThis.shelf.session.history.length), 1, 'StrictMode records nothing twice');
  assert.equal(site.asked.filter((url) => url === '/shop.attune').length, 1, 'nor loads it');
  const renders = await page.evaluate(() => globalThis.renders);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50))));
  assert.equal(await page.evaluate(() => globalThis.renders), renders, 'options written anew with each render start nothing');
  await page.evaluate(() => globalThis.setUser('bob'));
  await page.waitForFunction(() => globalThis.shelf.session?.userId === 'bob');
  await settled(page);
  assert.deepEqual(await idsIn(page), idsOf(listAfter()));
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(page.complaints, [], 'no mismatch, no violation of the policy');
  await page.evaluate(() => globalThis.root.unmount());
  await page.context().close();
});

test('a bundle that cannot be had is an error in the state, what was shown stays, and a refresh tries again', { skip }, async () => {
  const initial = listAfter('a1');
  const page = await open({ initial, source: '/later.attune' });
  await page.waitForFunction(() => globalThis.shelf?.status === 'error');
  assert.equal(await page.evaluate(() => globalThis.shelf.error.code), 'NETWORK');
  assert.deepEqual(await idsIn(page), idsOf(initial));
  const [first] = await idsIn(page);
  await page.locator('li button').first().click();
  assert.match(await page.evaluate(() => {
    try {
      globalThis.shelf.record({ itemId: '' });
      return 'nothing';
    } catch ({ code }) {
      return code;
    }
  }), /INVALID_ARGUMENT/);
  site.files.set('/later.attune', site.files.get('/shop.attune'));
  await page.evaluate(() => globalThis.shelf.refresh());
  await settled(page);
  assert.deepEqual(await idsIn(page), idsOf(listAfter(first)), 'the early click was kept');
  await page.context().close();
});
