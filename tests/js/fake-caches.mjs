// As much of the Cache API as the package uses, with failures to order: the real one is tested in a
// browser.
import { afterEach, beforeEach } from 'node:test';

/** Sets a global of the host for a test. */
export const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

/** Each test of the suite (or file) that calls this is in a page of site(): globals `location` and `caches`. */
export function pretendPage(site) {
  beforeEach(() => {
    define('caches', new FakeCaches());
    define('location', { origin: site().base, href: `${site().base}/` });
  });
  afterEach(() => {
    delete globalThis.caches;
    delete globalThis.location;
  });
}

export class FakeCaches {
  /** Name -> URL -> [bytes]. */
  stores = new Map();
  fails = false;

  async open(name) {
    if (this.fails) throw new DOMException('no room', 'QuotaExceededError');
    if (!this.stores.has(name)) this.stores.set(name, new Map());
    return new FakeCache(this.stores.get(name), this);
  }

  /** URLs that are kept. */
  urls() {
    return [...this.stores.values()].flatMap((entries) => [...entries.keys()]);
  }
}

class FakeCache {
  constructor(entries, caches) {
    this.entries = entries;
    this.caches = caches;
  }

  async match(url) {
    const bytes = this.entries.get(url);
    return bytes && new Response(bytes.slice());
  }

  async put(url, response) {
    if (this.caches.fails) throw new DOMException('no room', 'QuotaExceededError');
    this.entries.set(url, new Uint8Array(await response.arrayBuffer()));
  }

  async keys() {
    return [...this.entries.keys()].map((url) => new Request(url));
  }

  async delete(url) {
    return this.entries.delete(url);
  }
}
