import { browserDatabase, deleteDatabase } from './database.js';
import { applied, type EventStorage, type Found, type State, type Visit } from './event-storage.js';

const kEvents = 'events';
const kState = 'state';

/** Keeps events in an IndexedDB database that all tabs share. */
export function storedEvents(name: string): EventStorage {
  // What track() promised outlives the browser's end and the power's: `strict` syncs to the disk.
  const run = browserDatabase(name, [kEvents, kState], { durability: 'strict' });
  return {
    append: (events, visit) =>
      run('readwrite', (transaction) => {
        const stored = transaction.objectStore(kEvents);
        for (const [key, json] of events) stored.put(json, key);
        // Apart from the rest of the state, because that would have to be read first.
        if (visit) transaction.objectStore(kState).put(visit, 'visit');
        // At once, not after the answers: a page may be gone by then.
        transaction.commit?.();
        return { result: undefined };
      }),
    change: (now, act) =>
      run('readwrite', (transaction) => {
        const done = {} as { result: Found };
        const stored = transaction.objectStore(kEvents);
        const states = transaction.objectStore(kState);
        const all = stored.getAllKeys();
        const visit = states.get('visit');
        const rest = states.get('rest');
        rest.onsuccess = () => {
          const old: State = { ...rest.result, visit: visit.result as Visit | undefined };
          const { state, keys, gone, count } = applied(all.result as string[], old, now, act);
          const events = new Map<string, string>();
          done.result = { state, keys, events };
          if (state !== old) {
            const { visit, ...others } = state;
            states.put(others, 'rest');
            states.put(visit, 'visit');
          }
          for (const key of gone) stored.delete(key);
          if (!count) return;
          const read = stored.getAll(undefined, count);
          read.onsuccess = () => read.result.forEach((json, i) => events.set(keys[i]!, json));
        };
        return done;
      }),
    clear: () => deleteDatabase(name),
  };
}
