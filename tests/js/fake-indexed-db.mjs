// As much of IndexedDB as the package uses, with failures to order: the real one is tested in a
// browser. Events come in later tasks, as in a browser.

const later = (act) => setImmediate(act);

class FakeTransaction {
  constructor(entries, fails) {
    this.entries = entries;
    this.fails = fails;
    this.error = null;
  }

  objectStore() {
    const act = (change) => () => {
      const request = { result: undefined, error: null };
      later(() => {
        if (this.fails) {
          this.error = new DOMException('no room', 'QuotaExceededError');
          return this.onabort?.();
        }
        request.result = change();
        return this.oncomplete?.();
      });
      return request;
    };
    return {
      get: (key) => act(() => this.entries.get(key))(),
      put: (value, key) => act(() => void this.entries.set(key, structuredClone(value)))(),
      delete: (key) => act(() => void this.entries.delete(key))(),
    };
  }
}

class FakeDatabase {
  constructor(stores, failure) {
    this.stores = stores;
    this.failure = failure;
    this.closed = false;
  }

  createObjectStore(name) {
    this.stores.set(name, new Map());
  }

  transaction(name) {
    if (this.closed || this.failure === 'throw')
      throw new DOMException('wedged', 'InvalidStateError');
    return new FakeTransaction(this.stores.get(name), this.failure === 'abort');
  }

  close() {
    this.closed = true;
  }
}

export class FakeIndexedDb {
  databases = new Map();
  opened = 0;
  #failures;
  #open = [];

  /** `open`: 'error' or 'blocked'; `transaction`: 'throw' or 'abort'. */
  constructor(failures = {}) {
    this.#failures = failures;
  }

  open(name) {
    const request = { result: undefined, error: null };
    later(() => this.#finish(name, request));
    return request;
  }

  /** What the browser does when it clears the site's data. */
  closeAll() {
    for (const database of this.#open.splice(0)) {
      database.close();
      database.onclose?.();
    }
  }

  #finish(name, request) {
    if (this.#failures.open === 'blocked') return request.onblocked?.();
    if (this.#failures.open === 'error') {
      request.error = new DOMException('private mode', 'UnknownError');
      return request.onerror?.();
    }
    const isNew = !this.databases.has(name);
    if (isNew) this.databases.set(name, new Map());
    request.result = new FakeDatabase(this.databases.get(name), this.#failures.transaction);
    this.#open.push(request.result);
    this.opened++;
    if (isNew) request.onupgradeneeded?.();
    return request.onsuccess?.();
  }
}
