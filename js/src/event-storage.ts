// Where events wait: what every storage of the queue can do, and the limits of all of them.

/** An event as it waits: its text on the wire, under a key that sorts by age. */
export interface QueuedEvent {
  /** `<UUID of version 7>.<bytes in base 36>`: age and size are known without reading the event. */
  readonly key: string;
  readonly eventId: string;
  readonly json: string;
}

/** Named values beside the events, such as the identity; shared by all tabs. */
export type States = Readonly<Record<string, unknown>>;

/** The oldest events that fit, in their order. */
export interface Batch {
  readonly events: readonly QueuedEvent[];
  /** Keys of all that waits, the events' among them. */
  readonly keys: readonly string[];
  /** Events lost to the limits that no collector knows of. */
  readonly dropped: number;
  /** The state of that name: until when nobody may send. */
  readonly pause?: Pause | undefined;
}

/** Why and until when, in milliseconds since 1970, sending rests. */
export interface Pause {
  readonly until: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Whether the network failed, not the collector. */
  readonly isNetwork: boolean;
}

/** Each call is one transaction: done as a whole when it resolves, or not at all. */
export interface EventStorage {
  append(events: readonly QueuedEvent[], states: States): Promise<void>;
  /** Drops what is too much or too old at `now`, in milliseconds, and counts it. */
  trim(now: number): Promise<void>;
  next(limit: Room): Promise<Batch>;
  /** Removes events that arrived, with the count of dropped ones that was told. */
  remove(keys: readonly string[], dropped: number): Promise<void>;
  /** Changes a state, as one step among all tabs; undefined removes it. Returns the new one. */
  update<T>(name: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined>;
  /** Leaves not a byte. */
  clear(): Promise<void>;
}

/** Bytes and events that something has room for. */
export interface Room {
  readonly bytes: number;
  readonly events: number;
}

const kCapacity: Room = { bytes: 2 ** 20, events: 1000 };
const kMaxAgeMs = 7 * 24 * 3600 * 1000;
export const kDropped = 'dropped';
export const kPause = 'pause';

const kEncoder = /* @__PURE__ */ new TextEncoder();

export function keyOf(uuid: string, json: string): string {
  return `${uuid}.${kEncoder.encode(json).length.toString(36)}`;
}

/** Bytes of an event's text, with the comma after it. */
export function bytesOfKey(key: string): number {
  return parseInt(key.slice(37), 36) + 1;
}

function timeOfKey(key: string): number {
  return parseInt(key.slice(0, 8) + key.slice(9, 13), 16);
}

/** How many of the oldest keys fit into a room. */
export function countThatFits(keys: readonly string[], room: Room): number {
  let bytes = 0;
  const end = keys.findIndex(
    (key, i) => i === room.events || (bytes += bytesOfKey(key)) > room.bytes,
  );
  return end < 0 ? keys.length : end;
}

/** The keys, oldest first, that must go: those too old, and the oldest of what is too much. */
export function surplus(keys: readonly string[], now: number): readonly string[] {
  const old = keys.filter((key) => now - timeOfKey(key) > kMaxAgeMs).length;
  const kept = countThatFits([...keys].reverse(), kCapacity);
  return keys.slice(0, Math.max(old, keys.length - kept));
}
