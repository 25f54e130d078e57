// Where histories are kept; the one file that knows IndexedDB.

/** Keeps the history of each user as bytes. Sessions survive a store that fails or hangs. */
export interface HistoryStore {
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

const kObjectStore = 'history';
const kStoreTimeoutMs = 5000;

/** Keeps histories as long as the program runs, of the `maxUsers` (10,000) users last active. */
export function memoryStore({ maxUsers = 10_000 }: { maxUsers?: number } = {}): HistoryStore {
  const histories = new Map<string, Uint8Array>();
  return {
    load: async (key) => histories.get(key)?.slice(),
    save: async (key, bytes) => {
      histories.delete(key);
      histories.set(key, bytes.slice());
      for (const oldest of histories.keys()) {
        if (histories.size <= maxUsers) break;
        histories.delete(oldest);
      }
    },
    remove: async (key) => void histories.delete(key),
  };
}

/** Keeps histories in the browser, in an IndexedDB database of its own (`attune`). */
export function indexedDbStore({ database = 'attune' }: { database?: string } = {}): HistoryStore {
  let opened: Promise<IDBDatabase> | undefined;
  const run = async <T>(
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<T>,
  ) => {
    try {
      const db = await (opened ??= open(database, () => (opened = undefined)));
      return await finish(db.transaction(kObjectStore, mode), act);
    } catch (error) {
      // A database that failed once may work when it is opened anew.
      opened = undefined;
      throw error;
    }
  };
  return {
    load: (key) => run<Uint8Array | undefined>('readonly', (store) => store.get(key)),
    save: async (key, bytes) => void (await run('readwrite', (store) => store.put(bytes, key))),
    remove: (key) => run<undefined>('readwrite', (store) => store.delete(key)),
  };
}

/** The store of a session that was given none. */
export function defaultStore(): HistoryStore {
  // Looked up, not read: reading `indexedDB` throws in a sandboxed frame.
  return 'indexedDB' in globalThis ? indexedDbStore() : memoryStore();
}

/** Gives up on a store that does not answer. */
export function withinTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    const message = `the store did not answer in ${kStoreTimeoutMs} ms`;
    timer = setTimeout(() => reject(new Error(message)), kStoreTimeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function open(name: string, onClose: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(kObjectStore);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab blocks the database'));
    request.onsuccess = () => {
      const db = request.result;
      db.onclose = onClose;
      db.onversionchange = () => {
        db.close();
        onClose();
      };
      resolve(db);
    };
  });
}

function finish<T>(
  transaction: IDBTransaction,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = act(transaction.objectStore(kObjectStore));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}
