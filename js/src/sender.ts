import { AttuneError } from './errors.js';
import type { EventQueue } from './event-queue.js';
import { countThatFits, type QueuedEvents } from './event-storage.js';
import { beacon, isOffline, requestsKnow } from './page.js';
import { backOffMs, kLongestMs } from './retry.js';
import { exclusively } from './sending-lock.js';
import type { RejectedEvent, WireEvent } from './tracker-types.js';
import { bodyOf, type Outcome, roomInBody, send } from './transport.js';

/** The collector takes no more in one batch. */
const kMaxBatch = 500;
/** When another tab sends, or the network has come back. */
const kSoonMs = 1000;

export interface SenderParts {
  /** The queue's name: one sender at a time has this lock. */
  name: string;
  queue: EventQueue;
  url: string;
  trackingId: string;
  flushIntervalMs: number;
  onRejected: (rejected: RejectedEvent) => void;
}

/** Brings what is in the queue to the collector. Nothing is removed before an answer was read. */
export interface Sender {
  /** Why sending last failed; undefined when all is well. */
  readonly error: AttuneError | undefined;
  start(): void;
  /** Sends no more; the events stay in the queue. */
  stop(): void;
  /** Sends an event before long. To be called before it is stored; stored() after. */
  hold(key: string, json: string): void;
  stored(key: string): void;
  /** Sends what waits. Resolves, never rejects, to whether nothing waits any more. */
  flush(): Promise<boolean>;
  /** The page is hidden or goes: what it holds is on its way when this returns. */
  hidden(): void;
  /** The page is seen again, perhaps after it was frozen. */
  shown(): void;
  /** The network is back: its own failures do not count any more. */
  online(): Promise<void>;
}

export function makeSender(parts: SenderParts): Sender {
  const { name, queue, url, trackingId, flushIntervalMs, onRejected } = parts;
  /** A mended address or key needs not wait for what the old one earned. */
  const pausedFor = url + trackingId;
  const room = { bytes: roomInBody(trackingId), events: kMaxBatch };
  /** Events of this page that nobody is known to have taken: what it can send without the storage. */
  const held = new Map<string, string>();
  const stored = new Set<string>();
  const underWay = new Set<string>();
  let isOn = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let pausedUntil = 0;
  let leaving: Promise<unknown> = Promise.resolve();
  let work: Promise<unknown> = leaving;

  /** Flushes after so long, or earlier if that was planned. */
  const after = (ms: number) => {
    const at = Math.max(Date.now() + ms, pausedUntil);
    if (!isOn || timerAt <= at) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => void sender.flush(), at - Date.now());
  };

  const release = (key: string) => {
    held.delete(key);
    stored.delete(key);
  };

  /** Removes the events that the collector has dealt with. Returns whether there were any. */
  const settle = async (
    events: QueuedEvents,
    dropped: number,
    verdict: NonNullable<Outcome['verdict']>,
  ) => {
    const gone: string[] = [];
    for (const [key, json] of events) {
      const event: WireEvent = JSON.parse(json);
      const { status, code = '', message = '' } = verdict(event.eventId) ?? {};
      if (!['stored', 'duplicate', 'rejected'].includes(status!)) continue;
      gone.push(key);
      release(key);
      // On its own, so that what it throws is the page's error and stops nothing here.
      if (status === 'rejected') queueMicrotask(() => onRejected({ event, code, message }));
    }
    if (!gone.length) return false;
    sender.error = undefined;
    pausedUntil = 0;
    await queue.change((state) => ({
      gone,
      state: { dropped: Math.max(0, (state.dropped ?? 0) - dropped), pausedUntil, failures: 0 },
    }));
    return true;
  };

  /** Does what an outcome demands. Returns whether to go on with what else waits. */
  const conclude = async (events: QueuedEvents, dropped: number, outcome: Outcome) => {
    const { verdict, isTooMuch, refusedMs, retryAfterMs = 0, message, isNetworkDown } = outcome;
    for (const key of events.keys()) underWay.delete(key);
    if (isTooMuch && events.size > 1) return true;
    if (verdict && (await settle(events, dropped, verdict))) return true;
    if (!isOn) return false;
    sender.error = new AttuneError('NETWORK', message);
    if (refusedMs) console.warn(`attune: ${message}; waiting an hour`);
    await queue.change(({ failures = 0 }) => {
      // On top of what the collector asked for, or all devices would come back in one second.
      const ms = refusedMs ?? retryAfterMs + backOffMs(failures);
      pausedUntil = Date.now() + ms;
      return { state: { pausedUntil, pausedFor, failures: failures + 1, isNetworkDown } };
    });
    after(0);
    return false;
  };

  const sendAll = async (keep: () => Promise<boolean>) => {
    let most = kMaxBatch;
    while (isOn && (await keep())) {
      const before = [...stored];
      const { state, keys, events } = await queue.change(() => ({ room: { ...room, events: most } }));
      const waiting = new Set(keys);
      for (const key of before) if (!waiting.has(key)) release(key);
      if (!events.size) return true;
      const until = state.pausedFor === pausedFor ? (state.pausedUntil ?? 0) : 0;
      const ms = until - Date.now();
      // Longer than any pause: the clock was set back.
      if (ms > 0 && ms < 2 * kLongestMs) {
        pausedUntil = until;
        after(0);
        return false;
      }
      if (!isOn) return false;
      for (const key of events.keys()) underWay.add(key);
      const body = bodyOf(trackingId, events, state.dropped);
      const outcome = await send(url, body);
      if (!(await conclude(events, state.dropped ?? 0, outcome))) return false;
      if (outcome.isTooMuch) most = Math.ceil(events.size / 2);
    }
    return false;
  };

  const drain = async () => {
    await leaving;
    if (!isOn || isOffline()) return false;
    const done = await exclusively(name, queue, sendAll);
    if (done === undefined) after(kSoonMs * (1 + Math.random()));
    return done ?? false;
  };

  const sender: Sender & { error: AttuneError | undefined } = {
    error: undefined,

    start() {
      isOn = true;
      after(flushIntervalMs); // what an earlier visit left
    },

    stop() {
      isOn = false;
      clearTimeout(timer);
      timerAt = Infinity;
      for (const set of [held, stored, underWay]) set.clear();
    },

    hold(key, json) {
      if (!isOn) return;
      held.set(key, json);
      // What a going page could not send needs not be held.
      const isFull = countThatFits([...held.keys()], room) < held.size;
      if (isFull) held.delete(key);
      after(isFull ? 0 : flushIntervalMs);
    },

    stored(key) {
      if (held.has(key)) stored.add(key);
    },

    flush() {
      clearTimeout(timer);
      timerAt = Infinity;
      const done = work.then(drain);
      work = done.catch(() => {}); // what fails once is not to fail for ever
      return done;
    },

    hidden() {
      if (!isOn || isOffline() || Date.now() < pausedUntil) return;
      const events = new Map([...held].filter(([key]) => !underWay.has(key)));
      if (!events.size) return;
      for (const key of events.keys()) underWay.add(key);
      const body = bodyOf(trackingId, events);
      if (!requestsKnow('keepalive')) return beacon(url, body); // which never tells what came of it
      const sent = send(url, body);
      leaving = Promise.all([leaving, sent.then((outcome) => conclude(events, 0, outcome))]);
    },

    shown() {
      for (const key of stored) release(key);
      underWay.clear();
      after(flushIntervalMs);
    },

    async online() {
      if (!isOn) return;
      const { state } = await queue.change((old) => (old.isNetworkDown ? { state: { pausedUntil: 0 } } : {}));
      pausedUntil = state.pausedUntil ?? 0;
      after(kSoonMs * Math.random());
    },
  };
  return sender;
}
