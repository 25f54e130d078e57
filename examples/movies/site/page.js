// What is on the page: shelves, rules and the list of watched movies, all answered from one bundle.

import { createGenrePicker } from './genres.js';
import { createCatalogue } from './movies.js';
import { createRules } from './rules.js';
import { createShelf } from './shelf.js';
import { createWatchedList } from './watched.js';
import { createWhyPanel } from './why.js';

const SHELF_SIZE = 18;
const POPULAR_SHELF_SIZE = 30;
const EXCLUDE_WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';

const byId = (id) => document.getElementById(id);

export class Page {
  /** `connection` is the one to the collector (live-page.js), or null. */
  constructor(recommender, popularIds, session, connection) {
    this.recommender_ = recommender;
    this.session_ = session;
    this.catalogue_ = createCatalogue(recommender);
    this.popularMovies_ = popularIds.map((id) => this.catalogue_.movie(id));
    const onPick = (movie) => this.toggle_(movie);
    this.why_ = createWhyPanel(byId('why'), {
      titleOf: (id) => this.catalogue_.movie(id).title,
      rules: () => this.rules_.said(),
      onClose: () => this.forYou_.expand(undefined),
    });
    this.popular_ = createShelf(byId('popular'), onPick);
    this.forYou_ = createShelf(byId('for-you'), onPick, (movie) => this.explain_(movie));
    this.because_ = createShelf(byId('because'), onPick);
    this.watched_ = createWatchedList(byId('watched'), {
      onRemove: (movie) => this.remove_(movie),
      onClear: () => this.clear_(),
    });
    this.genres_ = createGenrePicker(byId('genres'), this.popularMovies_, () => this.showGenre_());
    this.connection_ = connection;
    this.rules_ = createRules(byId('rules'), {
      recommender,
      session,
      alwaysLeftOut: EXCLUDE_WATCHED,
      movies: this.popularMovies_,
      onChange: (what) => this.announce_(what, this.refresh_()),
    });
  }

  start() {
    this.recommend_(); // compiles what the first click needs, so that it is as quick as the next
    this.showGenre_({ quietly: true });
    this.refresh_();
    if (this.connection_) this.goLive_();
    byId('shelves').removeAttribute('aria-busy');
    const { itemCount, recipe } = this.recommender_;
    byId('facts').textContent =
      `${itemCount.toLocaleString('en')} movies, recipe “${recipe}”, ` +
      'computed by Attune in WebAssembly on this device.';
  }

  /** Clicks go out, and newer bundles come in, between two clicks. */
  goLive_() {
    this.detach_ = this.connection_.attach(this.session_);
    this.connection_.on('movies', () => this.refresh_());
    this.connection_.on('popular-now', () => this.showPopularNow_());
    const shelf = byId('popular-now-shelf');
    shelf.replaceWith(shelf.content);
    this.popularNow_ = createShelf(byId('popular-now'), (movie) => this.toggle_(movie));
    this.showPopularNow_();
  }

  showPopularNow_() {
    this.popularNow_.show(this.connection_.popularIds().map((id) => this.catalogue_.movie(id)));
    this.popularNow_.mark(this.watchedIds_());
    this.connection_.showState();
  }

  toggle_(movie) {
    if (this.watchedIds_().includes(movie.id)) return this.remove_(movie);
    this.session_.record({ eventType: 'watch', itemId: movie.id });
    return this.announce_(`Watched ${movie.title}.`, this.refresh_());
  }

  /** A session only grows, so leaving one movie out is starting over with the others. */
  remove_(movie) {
    const kept = this.session_.history.filter(({ itemId }) => itemId !== movie.id);
    this.detach_?.(); // what is recorded again did not happen again
    this.session_.clear();
    for (const event of kept) this.session_.record(event);
    if (this.connection_) this.detach_ = this.connection_.attach(this.session_);
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
    const asked = latest !== undefined || this.rules_.any();
    const { movies, milliseconds } = asked ? this.recommend_() : { movies: [] };
    this.forYou_.show(movies);
    this.why_.follow(movies);
    this.rules_.show(movies);
    this.because_.show(latest ? this.similarTo_(latest) : []);
    this.popular_.mark(watched);
    this.popularNow_?.mark(watched);
    this.watched_.show(watched.map((id) => this.catalogue_.movie(id)));
    showHeadings(latest, milliseconds);
    byId('for-you-empty').textContent = asked
      ? 'No movie passes this filter.'
      : 'Pick a movie above and this shelf fills itself.';
    return milliseconds;
  }

  /** Movies for the visitor, with what the list says of them: a promotion's name, and why. */
  recommend_() {
    const begin = performance.now();
    const { itemList } = this.session_.getRecommendations({
      numResults: SHELF_SIZE,
      explain: true,
      ...this.rules_.options(),
    });
    const milliseconds = performance.now() - begin;
    const movies = itemList.map(({ itemId, promotionName, because }) => ({
      ...this.catalogue_.movie(itemId),
      promotionName,
      because,
    }));
    return { movies, milliseconds };
  }

  similarTo_(movie) {
    const { itemList } = this.recommender_.similarItems(movie.id, {
      numResults: SHELF_SIZE,
      filter: EXCLUDE_WATCHED,
      session: this.session_,
    });
    return itemList.map(({ itemId }) => this.catalogue_.movie(itemId));
  }

  explain_(movie) {
    this.forYou_.expand(this.why_.toggle(movie));
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
