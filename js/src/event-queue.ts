import { AttuneError } from './errors.js';
import { memoryEvents } from './event-memory.js';
import type { Change, EventStorage, Found, State, Visit } from './event-storage.js';
import { withinTime } from './within-time.js';

/** How long a storage that failed is left alone. */
const kMendingMs = 60_000;

/**
 * The write-ahead queue of events: in the storage that lasts, and in memory what that one did not
 * take. No call ever rejects; `error` says what went wrong.
 */
export interface EventQueue {
  /** Why storing last failed. */
  readonly error: AttuneError | undefined;
  /** Whether the lasting storage may be touched by anything but clear(). */
  isOpen: boolean;
  /** Resolves when the event is stored, or is in memory because it cannot be. */
  append(key: string, json: string, visit: Visit | undefined): Promise<void>;
  /** One step among all tabs. The oldest events read are those of the lasting storage. */
  change(act?: (state: State) => Change): Promise<Found>;
  /** Removes everything, in the lasting storage even when it failed before. */
  clear(): Promise<void>;
}

export function eventQueue(lasting: EventStorage | undefined): EventQueue {
  const memory = memoryEvents();
  /** Handled by the collector, but the lasting storage could not be told. */
  const handled = new Set<string>();
  let brokenUntil = 0;
  let trimming: Promise<unknown> | undefined;

  const attempt = async <T>(act: (lasting: EventStorage) => Promise<T>, isAllowed = queue.isOpen) => {
    if (!lasting || !isAllowed || Date.now() < brokenUntil) return undefined;
    const before = brokenUntil;
    try {
      const result = await withinTime(act(lasting));
      if (brokenUntil === before) queue.error = undefined;
      return { result };
    } catch (cause) {
      brokenUntil = Date.now() + kMendingMs;
      const message = `events cannot be stored on the device: ${cause ?? 'aborted'}`;
      queue.error = new AttuneError('STORAGE', message, { cause });
      return undefined;
    }
  };

  const queue: EventQueue & { error: AttuneError | undefined } = {
    error: undefined,
    isOpen: true,

    async append(key, json, visit) {
      // What waits in memory alone has another chance.
      const events = new Map(memory.events).set(key, json);
      const isStored = await attempt((lasting) => lasting.append(events, visit));
      if (isStored) for (const key of events.keys()) memory.events.delete(key);
      await memory.append(isStored ? new Map() : events, visit);
      trimming ??= queue.change().finally(() => (trimming = undefined));
    },

    async change(act = () => ({})) {
      const now = Date.now();
      // What memory alone has dropped goes to the state that lasts.
      const { dropped: lost = 0 } = memory.state;
      memory.state = { ...memory.state, dropped: 0 };
      let change: Change = {};
      const stored = await attempt((lasting) =>
        lasting.change(now, (state) => {
          const dropped = (state.dropped ?? 0) + lost;
          change = act({ ...state, dropped });
          return lost ? { ...change, state: { dropped, ...change.state } } : change;
        }),
      );
      if (!stored) {
        memory.state = { ...memory.state, dropped: lost };
        const found = await memory.change(now, (state) => (change = act(state)));
        if (lasting) for (const key of change.gone ?? []) handled.add(key);
        return found;
      }
      const { state, keys, events } = stored.result;
      const rest = await memory.change(now, () => ({ ...change, state: { ...state, dropped: 0 } }));
      const unhandled = [...events].filter(([key]) => !handled.has(key));
      return {
        state,
        keys: [...keys, ...rest.keys],
        events: unhandled.length ? new Map(unhandled) : rest.events,
      };
    },

    async clear() {
      brokenUntil = 0;
      await memory.clear();
      await attempt((lasting) => lasting.clear(), true);
    },
  };
  return queue;
}
