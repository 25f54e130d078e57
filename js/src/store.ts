// Where histories are kept.
import { browserDatabase, hasDatabases } from './database.js';

/** Keeps the history of each user as bytes. Sessions survive a store that fails or hangs. */
export interface HistoryStore {
  /** The bytes saved last, or undefined. */
  load(key: string): Promise<Uint8Array | undefined>;
  /** Replaces the bytes of a key. */
  save(key: string, bytes: Uint8Array): Promise<void>;
  /** Forgets a key; no error when there is none. */
  remove(key: string): Promise<void>;
}

const kObjectStore = 'history';

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
  const run = browserDatabase(database, [kObjectStore]);
  const histories = (transaction: IDBTransaction) => transaction.objectStore(kObjectStore);
  return {
    load: (key) => run<Uint8Array | undefined>('readonly', (all) => histories(all).get(key)),
    save: async (key, bytes) => void (await run('readwrite', (all) => histories(all).put(bytes, key))),
    remove: (key) => run<undefined>('readwrite', (all) => histories(all).delete(key)),
  };
}

/** The store of a session that was given none. */
export function defaultStore(): HistoryStore {
  return hasDatabases() ? indexedDbStore() : memoryStore();
}
