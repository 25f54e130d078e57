// The page of `run.sh --live`: what visitors click goes to the collector, and what is learned from it
// comes back, as signed bundles that the page follows while it is open.

import { load } from './attune/index.js';
import { createTracker } from './attune/tracker.js';

const SHELF_SIZE = 18;

const byId = (id) => document.getElementById(id);

/** `{ endpoint, trackingId, publicKey, pollSeconds }` as live.js has it. */
export class LiveConnection {
  constructor({ endpoint, trackingId, publicKey, pollSeconds }, wasm) {
    this.options_ = { wasm, publicKeys: [publicKey], pollSeconds };
    this.endpoint_ = endpoint;
    // This demo asks nobody: a shop would take the answer of its consent banner.
    this.tracker_ = createTracker({ endpoint, trackingId, consent: 'sync', flushIntervalMs: 1000 });
    this.listeners_ = { movies: () => {}, 'popular-now': () => {} };
  }

  /** Loads the bundles and follows them from then on. */
  async open() {
    [this.movies, this.popularNow] = await Promise.all([
      this.follow_('movies'),
      this.follow_('popular-now'),
    ]);
    return this;
  }

  /** Clicks of the session are events from now on; returns what ends it. */
  attach(session) {
    return this.tracker_.attach(session);
  }

  /** Runs `onChange()` whenever the bundle of that campaign is a newer one. */
  on(campaign, onChange) {
    this.listeners_[campaign] = onChange;
  }

  /** Ids of the movies watched most since yesterday, those that anybody watched. */
  popularIds() {
    const session = this.popularNow.session();
    const { itemList } = session.getRecommendations({ numResults: SHELF_SIZE });
    session.dispose();
    return itemList.filter(({ score }) => score > 0).map(({ itemId }) => itemId);
  }

  /** Says in words and in the badge what is different here. */
  showState() {
    document.documentElement.dataset.popularVersion = String(this.popularNow.version);
    byId('live').hidden = false;
    byId('live-version').textContent = `Live, version ${this.popularNow.version}`;
    byId('promise').textContent =
      'Click a movie and every shelf answers at once, on this device. Here your clicks also go to ' +
      'the collector beside this page: after its next update they count for everybody.';
    document.querySelector('.watched-empty').textContent =
      'Nothing yet. Your picks are kept in this browser, and sent to this demo’s collector.';
  }

  follow_(campaign) {
    const manifest = `${this.endpoint_}/bundles/${campaign}/manifest.json`;
    return load(manifest, {
      ...this.options_,
      onUpdate: ({ updated, error }) => {
        if (updated) this.listeners_[campaign]();
        else if (error) console.info(`${campaign}: no newer bundle could be loaded: ${error.message}`);
      },
    });
  }
}
