// Where events wait: what every storage of the queue can do, and the limits of all of them.

/** Texts of events on the wire by keys that sort by age: `<UUID of version 7>.<bytes in base 36>`. */
export type QueuedEvents = ReadonlyMap<string, string>;

/** A session: events of one visitor without a long pause between them. */
export interface Visit {
  readonly sessionId: string;
  readonly anonymousId: string;
  /** Milliseconds since 1970. */
  readonly lastEventAt: number;
}

/** What all tabs agree on, beside the events. */
export interface State {
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
  readonly visit?: Visit | undefined;
  /** Events lost to the limits that no collector knows of. */
  readonly dropped?: number | undefined;
  /** Until when, in milliseconds since 1970, nobody may send, after how many failures in a row. */
  readonly pausedUntil?: number | undefined;
  readonly failures?: number | undefined;
  /** The collector and key that the pause is about. */
  readonly pausedFor?: string | undefined;
  /** Whether the network failed, not the collector. */
  readonly isNetworkDown?: boolean | undefined;
  /** Which tab sends, where there are no locks, and until when. */
  readonly lease?: { readonly owner: string; readonly until: number } | undefined;
}

/** What a transaction does. */
export interface Change {
  /** New values of the state; the others stay. */
  readonly state?: State | undefined;
  /** Keys of events to be removed. */
  readonly gone?: Iterable<string> | undefined;
  /** How much of the oldest events to read. */
  readonly room?: Room | undefined;
}

/** What a transaction has found and left. */
export interface Found {
  readonly state: State;
  /** All that waited, the oldest first. */
  readonly keys: readonly string[];
  /** The oldest events, as many as there was room for. */
  readonly events: QueuedEvents;
}

/** Each call is one transaction: done as a whole when it resolves, or not at all. */
export interface EventStorage {
  append(events: QueuedEvents, visit: Visit | undefined): Promise<void>;
  /** Changes the state, having dropped and counted what is too much or too old at `now` (ms). */
  change(now: number, act: (state: State) => Change): Promise<Found>;
  /** Leaves not a byte. */
  clear(): Promise<unknown>;
}

/** Bytes and events that something has room for. */
export interface Room {
  readonly bytes: number;
  readonly events: number;
}

const kCapacity: Room = { bytes: 2 ** 20, events: 1000 };
const kMaxAgeMs = 7 * 24 * 3600_000;

export function keyOf(uuid: string, json: string): string {
  return `${uuid}.${new TextEncoder().encode(json).length.toString(36)}`;
}

/** How many of these keys, from the first on, fit into a room. A comma follows each event. */
export function countThatFits(keys: readonly string[], room: Room): number {
  let bytes = 0;
  const end = keys.findIndex(
    (key, i) => i >= room.events || (bytes += parseInt(key.slice(37), 36) + 1) > room.bytes,
  );
  return end < 0 ? keys.length : end;
}

/** How many of these keys, oldest first, must go: those too old, and the oldest of too many. */
export function surplus(keys: readonly string[], now: number): number {
  const time = (key: string) => parseInt(key.slice(0, 13).replace('-', ''), 16);
  const old = keys.filter((key) => now - time(key) > kMaxAgeMs).length;
  return Math.max(old, keys.length - countThatFits([...keys].reverse(), kCapacity));
}

/** What a transaction of `change` comes to: the same for all storages. */
export function applied(
  keys: readonly string[],
  old: State,
  now: number,
  act: (state: State) => Change,
): Omit<Found, 'events'> & { gone: readonly string[]; count: number } {
  const lost = surplus(keys, now);
  const counted = lost ? { ...old, dropped: (old.dropped ?? 0) + lost } : old;
  const { state, gone = [], room } = act(counted);
  const left = keys.slice(lost);
  return {
    state: state ? { ...counted, ...state } : counted,
    keys: left,
    gone: [...keys.slice(0, lost), ...gone],
    count: room ? countThatFits(left, room) : 0,
  };
}
