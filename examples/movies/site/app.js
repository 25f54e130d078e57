// Loads both bundles and starts the page. Nothing is requested after that.

import { load } from './attune/index.js';
import { keepWorkingOffline } from './offline.js';
import { Page } from './page.js';

const POPULAR_POOL = 500; // most popular movies to choose the genres' shelves from

const byId = (id) => document.getElementById(id);

async function loadRecommenders() {
  const wasm = new URL('./attune/attune.wasm', import.meta.url);
  const at = (name) => new URL(`./models/${name}.attune`, import.meta.url);
  return Promise.all([load(at('sims'), { wasm }), load(at('popularity-count'), { wasm })]);
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
  const [recommender, popularity] = await loadRecommenders();
  const session = recommender.session({ userId: 'me' });
  await session.ready;
  new Page(recommender, takePopularIds(popularity), session).start();
  document.documentElement.dataset.ready = 'true';
}

main().catch(fail);
keepWorkingOffline({ ready: byId('offline-ready'), offline: byId('offline') });
