import { AttuneError } from './errors.js';
import { MemoryEvents } from './event-memory.js';
import type { Batch, EventStorage, QueuedEvent, Room, States } from './event-storage.js';
import { withinTime } from './within-time.js';

/** How long a storage that failed is left alone. */
const kMendingMs = 60_000;

/**
 * The write-ahead queue of events: in the storage that lasts, and in memory what that one did not
 * take. No call ever rejects; `storageError` says what went wrong.
 */
export class EventQueue {
  readonly #memory = new MemoryEvents();
  readonly #lasting: EventStorage | undefined;
  readonly #now: () => number;
  /** Arrived, but the lasting storage could not be told. */
  readonly #arrived = new Set<string>();
  #brokenUntil = 0;
  #isOpen = true;
  #storageError: AttuneError | undefined;

  constructor(lasting: EventStorage | undefined, now: () => number) {
    this.#lasting = lasting;
    this.#now = now;
  }

  get storageError(): AttuneError | undefined {
    return this.#storageError;
  }

  /** Resolves when the event and the states are stored, or are in memory because they cannot be. */
  async append(event: QueuedEvent, states: States): Promise<void> {
    // What waits in memory alone has another chance.
    const events = [...this.#memory.events.values(), event];
    const stored = await this.#try((lasting) => lasting.append(events, states));
    const rest = stored ? [] : [event];
    if (stored) for (const { key } of events) this.#memory.events.delete(key);
    await this.#memory.append(rest, states);
    void this.trim();
  }

  async trim(): Promise<void> {
    await this.#memory.trim(this.#now());
    await this.#try((lasting) => lasting.trim(this.#now()));
  }

  /** The oldest events: those of the lasting storage, then those in memory. */
  async next(room: Room): Promise<Batch> {
    const waiting = await this.#memory.next(room);
    const found = await this.#try((lasting) => lasting.next(room));
    if (!found) return waiting;
    const keys = [...found.result.keys, ...waiting.keys];
    const events = found.result.events.filter(({ key }) => !this.#arrived.has(key));
    const { dropped, pause } = found.result;
    return events.length ? { events, keys, dropped, pause } : { ...waiting, keys, pause };
  }

  async remove(keys: readonly string[], dropped: number): Promise<void> {
    const known = await this.#try((lasting) => lasting.remove(keys, dropped));
    await this.#memory.remove(keys, known ? 0 : dropped);
    if (this.#lasting && !known) for (const key of keys) this.#arrived.add(key);
  }

  async update<T>(
    name: string,
    change: (old: T | undefined) => T | undefined,
  ): Promise<T | undefined> {
    const found = await this.#try((lasting) => lasting.update(name, change));
    return this.#memory.update<T>(name, found ? () => found.result : change);
  }

  /** Removes everything, in the lasting storage even when it failed before. */
  async clear(): Promise<void> {
    this.#brokenUntil = 0;
    await this.#memory.clear();
    await this.#try((lasting) => lasting.clear(), true);
  }

  /** Whether the lasting storage may be touched by anything but clear(). */
  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
  }

  /** Does something in the lasting storage, if there is one that works. */
  async #try<T>(
    act: (lasting: EventStorage) => Promise<T>,
    isAllowed = this.#isOpen,
  ): Promise<{ readonly result: T } | undefined> {
    if (!this.#lasting || !isAllowed || this.#now() < this.#brokenUntil) return undefined;
    try {
      const result = await withinTime(act(this.#lasting));
      this.#storageError = undefined;
      return { result };
    } catch (cause) {
      this.#brokenUntil = this.#now() + kMendingMs;
      const message = `events cannot be stored on the device: ${cause ?? 'aborted'}`;
      this.#storageError = new AttuneError('STORAGE', message, { cause });
      return undefined;
    }
  }
}
