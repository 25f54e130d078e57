import { browserDatabase, type Database, deleteDatabase } from './database.js';
import {
  type Batch,
  countThatFits,
  type EventStorage,
  kDropped,
  kPause,
  type QueuedEvent,
  type Room,
  type States,
  surplus,
} from './event-storage.js';

const kEvents = 'events';
const kStates = 'states';

/** Keeps events in an IndexedDB database that all tabs share. */
export class StoredEvents implements EventStorage {
  readonly #name: string;
  readonly #run: Database;

  constructor(name: string) {
    this.#name = name;
    // What track() promised outlives the browser's end and the power's: `strict` syncs to the disk.
    this.#run = browserDatabase(name, [kEvents, kStates], { durability: 'strict' });
  }

  append(events: readonly QueuedEvent[], states: States): Promise<void> {
    return this.#change((all, named, transaction) => {
      for (const event of events) all.put(event, event.key);
      for (const [name, value] of Object.entries(states)) named.put(value, name);
      // At once, not after the answers: a page may be gone by then.
      transaction.commit?.();
    });
  }

  trim(now: number): Promise<void> {
    return this.#change((all, named) => {
      const found = all.getAllKeys();
      found.onsuccess = () => {
        const keys = surplus(found.result as string[], now);
        for (const key of keys) all.delete(key);
        if (keys.length) countDropped(named, keys.length);
      };
    });
  }

  next(room: Room): Promise<Batch> {
    return this.#run('readonly', (transaction) => {
      const batch: { -readonly [K in keyof Batch]: Batch[K] } = { events: [], keys: [], dropped: 0 };
      const all = transaction.objectStore(kEvents);
      const found = all.getAllKeys();
      found.onsuccess = () => {
        batch.keys = found.result as string[];
        const count = countThatFits(batch.keys, room);
        if (!count) return;
        const read = all.getAll(undefined, count);
        read.onsuccess = () => (batch.events = read.result);
      };
      const named = transaction.objectStore(kStates);
      const dropped = named.get(kDropped);
      dropped.onsuccess = () => (batch.dropped = dropped.result ?? 0);
      const pause = named.get(kPause);
      pause.onsuccess = () => (batch.pause = pause.result);
      return { result: batch };
    });
  }

  remove(keys: readonly string[], dropped: number): Promise<void> {
    return this.#change((all, named) => {
      for (const key of keys) all.delete(key);
      if (dropped) countDropped(named, -dropped);
    });
  }

  update<T>(name: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined> {
    return this.#run('readwrite', (transaction) => {
      const named = transaction.objectStore(kStates);
      const changed: { result: T | undefined } = { result: undefined };
      const old = named.get(name);
      old.onsuccess = () => {
        const value = (changed.result = change(old.result));
        if (value === undefined) named.delete(name);
        else if (value !== old.result) named.put(value, name);
      };
      return changed;
    });
  }

  clear(): Promise<void> {
    return deleteDatabase(this.#name);
  }

  #change(
    act: (all: IDBObjectStore, named: IDBObjectStore, transaction: IDBTransaction) => void,
  ): Promise<void> {
    return this.#run('readwrite', (transaction) => {
      act(transaction.objectStore(kEvents), transaction.objectStore(kStates), transaction);
      return { result: undefined };
    });
  }
}

function countDropped(named: IDBObjectStore, more: number): void {
  const old = named.get(kDropped);
  old.onsuccess = () => named.put(Math.max(0, (old.result ?? 0) + more), kDropped);
}
