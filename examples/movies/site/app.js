// Loads both bundles and starts the page. Nothing is requested after that, save with run.sh --live.

import { load } from './attune/index.js';
import { live } from './live.js';
import { keepWorkingOffline } from './offline.js';
import { Page } from './page.js';

const POPULAR_POOL = 500; // most popular movies to choose the genres' shelves from

const byId = (id) => document.getElementById(id);

const wasm = new URL('./attune/attune.wasm', import.meta.url);
const loadModel = (name) => load(new URL(`./models/${name}.attune`, import.meta.url), { wasm });

/** What the collector brings, where there is one. */
async function connect() {
  const { LiveConnection } = await import('./live-page.js');
  return new LiveConnection(live, wasm).open();
}

/** Ids of the most popular movies; their recommender is not needed any longer then. */
function takePopularIds(popularity) {
  const { itemList } = popularity.session().getRecommendations({ numResults: POPULAR_POOL });
  popularity.dispose();
  return itemList.map(({ itemId }) => itemId);
}

function fail(error) {
  const failure = byId('failure');
  failure.textContent =
    `The recommendations could not be loaded: ${error.message}. ` +
    'Reload the page to try again.';
  failure.hidden = false;
  byId('shelves').removeAttribute('aria-busy');
  console.error(error);
}

async function main() {
  const [connection, popularity] = await Promise.all([live && connect(), loadModel('popularity-count')]);
  const recommender = connection?.movies ?? (await loadModel('sims'));
  const session = recommender.session({ userId: 'me' });
  await session.ready;
  new Page(recommender, takePopularIds(popularity), session, connection).start();
  document.documentElement.dataset.ready = 'true';
}

main().catch(fail);
// A page that is kept would know the address of an earlier collector.
if (!live) keepWorkingOffline({ ready: byId('offline-ready'), offline: byId('offline') });
