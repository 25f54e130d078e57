// As much of IndexedDB as the package uses, with failures to order: the real one is tested in a
// browser. Events come in later tasks and transactions one after the other, as in a browser.

const later = () => new Promise((resolve) => setImmediate(resolve));
const kNames = { abort: 'QuotaExceededError' };

/** `failure`: 'throw', 'hang', 'abort', 'abort-null', 'abort-NAME', 'quota' (puts), 'read' (reads). */
class FakeTransaction {
  constructor(stores, failure) {
    Object.assign(this, { stores, failure, error: null, requests: [] });
  }

  objectStore(name) {
    const store = this.stores.get(name);
    const sorted = () => [...store].sort(([a], [b]) => (a < b ? -1 : 1));
    const request = (kind, act) => {
      const made = { result: undefined, error: null, kind, act };
      this.requests.push(made);
      return made;
    };
    return {
      get: (key) => request('read', () => store.get(key)),
      getAllKeys: () => request('read', () => sorted().map(([key]) => key)),
      getAll: (_, count) => request('read', () => sorted().slice(0, count).map(([, value]) => value)),
      put: (value, key) => request('quota', () => void store.set(key, structuredClone(value))),
      delete: (key) => request('delete', () => void store.delete(key)),
    };
  }

  commit() {}

  async run() {
    if (this.failure === 'hang') return;
    const before = [...this.stores].map(([name, store]) => [name, new Map(store)]);
    for (let request = this.requests.shift(); request; request = this.requests.shift()) {
      await undefined;
      if (this.failure === request.kind || this.failure?.startsWith('abort')) {
        for (const [name, store] of before) this.stores.set(name, store);
        const name = kNames[this.failure] ?? this.failure.replace('abort-', '');
        this.error = name === 'null' ? null : new DOMException('no room', name);
        this.onabort?.();
        return;
      }
      request.result = request.act();
      request.onsuccess?.();
    }
    await undefined;
    this.oncomplete?.();
  }
}

class FakeDatabase {
  closed = false;

  constructor(stores, owner) {
    Object.assign(this, { stores, owner });
  }

  createObjectStore(name) {
    this.stores.set(name, new Map());
  }

  transaction() {
    const { transaction: failure } = this.owner.failures;
    if (this.closed || failure === 'throw') throw new DOMException('wedged', 'InvalidStateError');
    const made = new FakeTransaction(this.stores, failure);
    this.owner.work = this.owner.work.then(later).then(() => made.run());
    return made;
  }

  close() {
    this.closed = true;
  }
}

export class FakeIndexedDb {
  /** Object stores by the names of databases, by name. */
  stored = new Map();
  opened = 0;
  work = Promise.resolve();
  #open = [];

  /** `open`: 'error', 'blocked', 'hang' or 'throw'; `delete`: 'error'; `transaction`: see above. */
  constructor(failures = {}) {
    this.failures = failures;
  }

  open(name) {
    if (this.failures.open === 'throw') throw new DOMException('not here', 'SecurityError');
    const request = { result: undefined, error: null };
    setImmediate(() => this.#finish(name, request));
    return request;
  }

  async databases() {
    return [...this.stored.keys()].map((name) => ({ name }));
  }

  deleteDatabase(name) {
    const request = { error: null };
    void later().then(() => {
      if (this.failures.delete) {
        request.error = new DOMException('no', 'UnknownError');
        return request.onerror?.();
      }
      for (const database of this.#open.splice(0)) database.onversionchange?.();
      this.stored.delete(name);
      return request.onsuccess?.();
    });
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
    const failure = this.failures.open;
    if (failure === 'hang') return undefined;
    if (failure === 'blocked') return request.onblocked?.();
    if (failure === 'error') {
      request.error = new DOMException('private mode', 'UnknownError');
      return request.onerror?.();
    }
    const isNew = !this.stored.has(name);
    if (isNew) this.stored.set(name, new Map());
    request.result = new FakeDatabase(this.stored.get(name), this);
    this.#open.push(request.result);
    this.opened++;
    if (isNew) request.onupgradeneeded?.();
    return request.onsuccess?.();
  }
}
