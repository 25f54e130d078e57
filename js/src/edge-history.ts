// Whose history a request is answered with: that of the request itself, of a cookie or of a store.
import { SignedCookie } from './edge-cookie.js';
import type { EdgeStore } from './edge-types.js';
import type { Recommender } from './recommender.js';
import { addTo, withHistory } from './saved-history.js';
import type { NewEvent } from './types.js';

/** Where histories are kept, as bytes of Session.save(). */
export interface Histories {
  load(user: string): Promise<Uint8Array | undefined>;
  add(user: string, recommender: Recommender, events: readonly NewEvent[]): Promise<void>;
}

export class StoredHistories implements Histories {
  readonly #store: EdgeStore;
  readonly #maxEvents: number;

  constructor(store: EdgeStore, maxEvents: number) {
    this.#store = store;
    this.#maxEvents = maxEvents;
  }

  load(user: string): Promise<Uint8Array | undefined> {
    return this.#store.load(user);
  }

  async add(user: string, recommender: Recommender, events: readonly NewEvent[]): Promise<void> {
    const change = (bytes: Uint8Array | undefined) =>
      withHistory(recommender, bytes, this.#maxEvents, (session) => {
        addTo(session, events);
        return session.save();
      });
    if (this.#store.update) return this.#store.update(user, change);
    await this.#store.save(user, change(await this.#store.load(user)));
  }
}

/** Those of one request and its answer. */
export class CookieHistories implements Histories {
  /** What the answer sets. */
  setCookie: string | undefined;
  readonly #cookie: SignedCookie;
  readonly #header: string | null;
  readonly #maxEvents: number;

  constructor(cookie: SignedCookie, request: Request, maxEvents: number) {
    this.#cookie = cookie;
    this.#header = request.headers.get('cookie');
    this.#maxEvents = maxEvents;
  }

  load(user: string): Promise<Uint8Array | undefined> {
    return this.#cookie.read(this.#header, user);
  }

  /** The newest events that a cookie has room for. */
  async add(user: string, recommender: Recommender, events: readonly NewEvent[]): Promise<void> {
    let bytes: Uint8Array | undefined = await this.load(user);
    let added = events;
    for (let most = this.#maxEvents; most >= 1; most = Math.floor(most * 0.8)) {
      bytes = withHistory(recommender, bytes, most, (session) => {
        addTo(session, added);
        return session.save();
      });
      added = [];
      this.setCookie = await this.#cookie.write(user, bytes);
      if (this.setCookie) return;
    }
  }
}
