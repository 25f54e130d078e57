import {
  type Batch,
  countThatFits,
  type EventStorage,
  kDropped,
  kPause,
  type Pause,
  type QueuedEvent,
  type Room,
  type States,
  surplus,
} from './event-storage.js';

/** Keeps events as long as the page or program runs. */
export class MemoryEvents implements EventStorage {
  readonly events = new Map<string, QueuedEvent>();
  readonly states = new Map<string, unknown>();

  async append(events: readonly QueuedEvent[], states: States): Promise<void> {
    for (const event of events) this.events.set(event.key, event);
    for (const [name, value] of Object.entries(states)) this.states.set(name, value);
  }

  async trim(now: number): Promise<void> {
    const keys = surplus(this.#keys, now);
    for (const key of keys) this.events.delete(key);
    this.#count(keys.length);
  }

  async next(room: Room): Promise<Batch> {
    const keys = this.#keys;
    const events = keys.slice(0, countThatFits(keys, room)).map((key) => this.events.get(key)!);
    const pause = this.states.get(kPause) as Pause | undefined;
    return { events, keys, dropped: this.#dropped, pause };
  }

  async remove(keys: readonly string[], dropped: number): Promise<void> {
    for (const key of keys) this.events.delete(key);
    this.#count(-dropped);
  }

  async update<T>(
    name: string,
    change: (old: T | undefined) => T | undefined,
  ): Promise<T | undefined> {
    const value = change(this.states.get(name) as T | undefined);
    this.states.set(name, value);
    return value;
  }

  async clear(): Promise<void> {
    this.events.clear();
    this.states.clear();
  }

  get #keys(): string[] {
    return [...this.events.keys()].sort();
  }

  get #dropped(): number {
    return (this.states.get(kDropped) as number | undefined) ?? 0;
  }

  #count(dropped: number): void {
    this.states.set(kDropped, Math.max(0, this.#dropped + dropped));
  }
}
