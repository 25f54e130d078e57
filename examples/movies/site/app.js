// The page: loads both bundles, and answers every click from them. Nothing is requested after that.

import { load } from './attune/index.js';
import { createGenrePicker } from './genres.js';
import { createCatalogue } from './movies.js';
import { keepWorkingOffline } from './offline.js';
import { createShelf } from './shelf.js';
import { createWatchedList } from './watched.js';

const SHELF_SIZE = 18;
const POPULAR_POOL = 500; // most popular movies to choose the genres' shelves from
const POPULAR_SHELF_SIZE = 30;
const EXCLUDE_WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';

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

class Page {
  constructor(recommender, popularIds, session) {
    this.recommender_ = recommender;
    this.session_ = session;
    this.catalogue_ = createCatalogue(recommender);
    this.popularMovies_ = popularIds.map((id) => this.catalogue_.movie(id));
    const onPick = (movie) => this.toggle_(movie);
    this.popular_ = createShelf(byId('popular'), onPick);
    this.forYou_ = createShelf(byId('for-you'), onPick);
    this.because_ = createShelf(byId('because'), onPick);
    this.watched_ = createWatchedList(byId('watched'), {
      onRemove: (movie) => this.remove_(movie),
      onClear: () => this.clear_(),
    });
    this.genres_ = createGenrePicker(byId('genres'), this.popularMovies_, () => this.showGenre_());
  }

  start() {
    this.recommend_(); // compiles what the first click needs, so that it is as quick as the next
    this.showGenre_({ quietly: true });
    this.refresh_();
    byId('shelves').removeAttribute('aria-busy');
    const { itemCount, recipe } = this.recommender_;
    byId('facts').textContent =
      `${itemCount.toLocaleString('en')} movies, recipe “${recipe}”, ` +
      'computed by Attune in WebAssembly on this device.';
  }

  toggle_(movie) {
    if (this.watchedIds_().includes(movie.id)) return this.remove_(movie);
    this.session_.record({ eventType: 'watch', itemId: movie.id });
    return this.announce_(`Watched ${movie.title}.`, this.refresh_());
  }

  /** A session only grows, so leaving one movie out is starting over with the others. */
  remove_(movie) {
    const kept = this.session_.history.filter(({ itemId }) => itemId !== movie.id);
    this.session_.clear();
    for (const event of kept) this.session_.record(event);
    this.announce_(`Removed ${movie.title}.`, this.refresh_());
  }

  clear_() {
    this.session_.clear();
    this.refresh_();
    this.announce_('Started over.');
  }

  /** Ids of the watched movies, the latest first; a newer bundle may lack some of them. */
  watchedIds_() {
    const ids = new Set(this.session_.history.map(({ itemId }) => itemId).reverse());
    return [...ids].filter((id) => this.recommender_.has(id));
  }

  /** Fills every shelf from the history; returns how long "For you" took, or undefined. */
  refresh_() {
    const watched = this.watchedIds_();
    const latest = watched.length > 0 ? this.catalogue_.movie(watched[0]) : undefined;
    const { movies, milliseconds } = latest ? this.recommend_() : { movies: [] };
    this.forYou_.show(movies);
    this.because_.show(latest ? this.similarTo_(latest) : []);
    this.popular_.mark(watched);
    this.watched_.show(watched.map((id) => this.catalogue_.movie(id)));
    showHeadings(latest, milliseconds);
    return milliseconds;
  }

  recommend_() {
    const begin = performance.now();
    const { itemList } = this.session_.getRecommendations({
      numResults: SHELF_SIZE,
      filter: EXCLUDE_WATCHED,
    });
    const milliseconds = performance.now() - begin;
    return { movies: itemList.map(({ itemId }) => this.catalogue_.movie(itemId)), milliseconds };
  }

  similarTo_(movie) {
    const { itemList } = this.recommender_.similarItems(movie.id, {
      numResults: SHELF_SIZE,
      filter: EXCLUDE_WATCHED,
      session: this.session_,
    });
    return itemList.map(({ itemId }) => this.catalogue_.movie(itemId));
  }

  showGenre_({ quietly = false } = {}) {
    const movies = this.genres_.filter(this.popularMovies_).slice(0, POPULAR_SHELF_SIZE);
    this.popular_.show(movies);
    this.popular_.mark(this.watchedIds_());
    if (!quietly) this.announce_(`${this.genres_.label()}: ${movies.length} popular movies.`);
  }

  announce_(text, milliseconds) {
    const timing =
      milliseconds === undefined ? '' : ` For you updated in ${formatTime(milliseconds)}.`;
    byId('status').textContent = text + timing;
  }
}

function showHeadings(latest, milliseconds) {
  byId('because-heading').textContent = latest
    ? `Because you watched ${latest.title}`
    : 'Because you watched\u00a0…';
  const timing = byId('timing');
  timing.hidden = milliseconds === undefined;
  if (!timing.hidden) timing.textContent = `Updated in ${formatTime(milliseconds)} on this device`;
}

/** Browsers round their clock (to 0.1 ms unless a page is isolated): 0 is "too short to see". */
function formatTime(milliseconds) {
  if (milliseconds < 0.005) return 'under 0.1\u00a0ms';
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)}\u00a0ms`;
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
