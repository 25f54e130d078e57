import { AttuneError } from './errors.js';
import type { EventQueue } from './event-queue.js';
import { countThatFits, kPause, type Pause, type QueuedEvent } from './event-storage.js';
import type { Host } from './host.js';
import { backOffMs, kLongestMs } from './retry.js';
import type { SendingLock } from './sending-lock.js';
import type { RejectedEvent } from './tracker-types.js';
import type { Outcome, Transport, Verdict } from './transport.js';

/** The collector takes no more in one batch. */
const kMaxBatch = 500;
/** When another tab sends, or the network has come back. */
const kSoonMs = 1000;

/** An event of this page that nobody is known to have taken. */
interface Held {
  readonly event: QueuedEvent;
  isStored: boolean;
  isUnderWay: boolean;
}

export interface SenderParts {
  host: Host;
  queue: EventQueue;
  transport: Transport;
  lock: SendingLock;
  flushIntervalMs: number;
  onRejected: (rejected: RejectedEvent) => void;
}

/** Brings what is in the queue to the collector. Nothing is removed before an answer was read. */
export class Sender {
  readonly #parts: SenderParts;
  /** What a page that goes can send at once, without asking the storage. */
  readonly #held = new Map<string, Held>();
  #isActive = false;
  #stopTimer: (() => void) | undefined;
  #timerAt = Infinity;
  #pausedUntil = 0;
  #work: Promise<unknown> = Promise.resolve();
  #leaving: Promise<unknown> = Promise.resolve();
  #deliveryError: AttuneError | undefined;
  #hasWarned = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Why sending last failed; undefined when all is well. */
  get deliveryError(): AttuneError | undefined {
    return this.#deliveryError;
  }

  start(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#after(this.#parts.flushIntervalMs); // what an earlier visit left
  }

  /** Gives up what is under way; the events stay in the queue. */
  stop(): void {
    this.#isActive = false;
    this.#clearTimer();
    this.#held.clear();
    this.#parts.transport.abort();
  }

  /** Sends an event before long. Call it before the event is stored, and stored() after. */
  hold(event: QueuedEvent): void {
    if (!this.#isActive) return;
    this.#held.set(event.key, { event, isStored: false, isUnderWay: false });
    const keys = [...this.#held.keys()];
    const bytes = this.#parts.transport.roomBytes;
    const isFull = countThatFits(keys, { bytes: bytes / 2, events: kMaxBatch / 2 }) < keys.length;
    // What a going page cannot send needs not be held.
    if (countThatFits(keys, { bytes, events: kMaxBatch }) < keys.length) this.#held.delete(event.key);
    this.#after(isFull ? 0 : this.#parts.flushIntervalMs);
  }

  stored(key: string): void {
    const held = this.#held.get(key);
    if (held) held.isStored = true;
  }

  /** Sends what waits. Resolves, never rejects, to whether nothing waits any more. */
  flush(): Promise<boolean> {
    this.#clearTimer();
    const done = this.#work.then(() => this.#drain());
    this.#work = done;
    return done;
  }

  /** The page is hidden or goes: whatever it holds is on its way when this returns. */
  hidden(): void {
    const { host, transport } = this.#parts;
    if (!this.#isActive || host.isOffline || host.now() < this.#pausedUntil) return;
    const idle = [...this.#held.values()].filter(({ isUnderWay }) => !isUnderWay);
    const keys = idle.map(({ event }) => event.key);
    const count = countThatFits(keys, { bytes: transport.roomBytes, events: kMaxBatch });
    const events = idle.slice(0, count).map(({ event }) => event);
    if (!events.length) return;
    this.#mark(events, true);
    const sent = transport.sendLast(events).then((outcome) => this.#settle(events, 0, outcome));
    this.#leaving = Promise.all([this.#leaving, sent]);
  }

  /** The page is seen again, perhaps after it was frozen. */
  shown(): void {
    for (const [key, { isStored }] of this.#held) if (isStored) this.#held.delete(key);
    this.#after(this.#parts.flushIntervalMs);
  }

  /** The network is back: its own failures do not count any more. */
  async online(): Promise<void> {
    const { host, queue } = this.#parts;
    if (!this.#isActive) return;
    await queue.update<Pause>(kPause, (old) => (old?.isNetwork ? undefined : old));
    this.#pausedUntil = 0;
    this.#after(kSoonMs * host.random());
  }

  async #drain(): Promise<boolean> {
    await this.#leaving;
    if (!this.#isActive || this.#parts.host.isOffline) return false;
    const done = await this.#parts.lock.run((keep) => this.#sendAll(keep));
    if (done === undefined) this.#after(kSoonMs * (1 + this.#parts.host.random()));
    return done ?? false;
  }

  async #sendAll(keep: () => Promise<boolean>): Promise<boolean> {
    const { queue, transport } = this.#parts;
    await queue.trim();
    let limit = kMaxBatch;
    while (this.#isActive && (await keep())) {
      const stored = [...this.#held.values()].filter(({ isStored }) => isStored);
      const batch = await queue.next({ bytes: transport.roomBytes, events: limit });
      const { events, keys, dropped, pause } = batch;
      const waiting = new Set(keys);
      for (const { event } of stored) if (!waiting.has(event.key)) this.#held.delete(event.key);
      if (!events.length) return true;
      if (this.#rests(pause) || !this.#isActive) return false;
      this.#mark(events, true);
      const outcome = await transport.send(events, dropped);
      if (!(await this.#settle(events, dropped, outcome, pause))) {
        if (outcome.kind !== 'too large') return false;
        limit = Math.ceil(events.length / 2);
      }
    }
    return false;
  }

  /** Whether sending rests now; then it goes on by itself later. */
  #rests(pause: Pause | undefined): boolean {
    const ms = (pause?.until ?? 0) - this.#parts.host.now();
    // Longer than any pause: the clock was set back.
    if (ms <= 0 || ms > 2 * kLongestMs) return false;
    this.#pausedUntil = pause!.until;
    this.#after(ms);
    return true;
  }

  /** Does what an outcome demands. Returns whether to go on with what else waits. */
  async #settle(
    events: readonly QueuedEvent[],
    dropped: number,
    outcome: Outcome,
    pause?: Pause,
  ): Promise<boolean> {
    if (outcome.kind === 'unknown') return false;
    this.#mark(events, false);
    if (outcome.kind === 'acknowledged') {
      if (await this.#remove(events, dropped, outcome.verdicts)) return this.#succeeded(pause);
      return this.#failed(0, 'the collector acknowledged none of the events', false, pause);
    }
    if (outcome.kind === 'too large' && events.length > 1) return false;
    if (outcome.kind === 'refused' || outcome.kind === 'too large') {
      const verdict = { status: 'rejected', code: outcome.code, message: outcome.message } as const;
      const all = events.map(({ eventId }) => [eventId, verdict] as const);
      await this.#remove(events, dropped, new Map(all));
      return true;
    }
    if (outcome.kind === 'failed') {
      return this.#failed(outcome.ms, outcome.message, outcome.isNetwork, pause);
    }
    if (!this.#hasWarned) this.#parts.host.warn(`${outcome.message}; nothing is sent for an hour`);
    this.#hasWarned = true;
    return this.#rest(outcome.ms, { failures: 0, isNetwork: false }, outcome.message);
  }

  /** Removes the events that the collector has dealt with, and says whether there were any. */
  async #remove(
    events: readonly QueuedEvent[],
    dropped: number,
    verdicts: ReadonlyMap<string, Verdict>,
  ): Promise<boolean> {
    const done = events.filter(({ eventId }) =>
      ['stored', 'duplicate', 'rejected'].includes(verdicts.get(eventId)?.status ?? ''),
    );
    await this.#parts.queue.remove(
      done.map(({ key }) => key),
      dropped,
    );
    for (const { key, eventId, json } of done) {
      this.#held.delete(key);
      const { status, code = '', message = '' } = verdicts.get(eventId)!;
      if (status === 'rejected') {
        const rejected = { event: JSON.parse(json), code, message };
        // On its own, so that what it throws is the page's error and stops nothing here.
        queueMicrotask(() => this.#parts.onRejected(rejected));
      }
    }
    return done.length > 0;
  }

  async #succeeded(pause: Pause | undefined): Promise<boolean> {
    this.#deliveryError = undefined;
    this.#pausedUntil = 0;
    if (pause) await this.#parts.queue.update<Pause>(kPause, () => undefined);
    return true;
  }

  #failed(ms: number, message: string, isNetwork: boolean, pause?: Pause): Promise<boolean> {
    const failures = (pause?.failures ?? 0) + 1;
    // On top of what the collector asked for, or all devices would come back in one second.
    const wait = ms + backOffMs(failures - 1, this.#parts.host.random());
    return this.#rest(wait, { failures, isNetwork }, message);
  }

  async #rest(ms: number, why: Omit<Pause, 'until'>, message: string): Promise<boolean> {
    if (!this.#isActive) return false;
    this.#deliveryError = new AttuneError('NETWORK', message);
    this.#pausedUntil = this.#parts.host.now() + ms;
    const pause = { ...why, until: this.#pausedUntil };
    await this.#parts.queue.update<Pause>(kPause, () => pause);
    this.#after(ms);
    return false;
  }

  #mark(events: readonly QueuedEvent[], isUnderWay: boolean): void {
    for (const { key } of events) {
      const held = this.#held.get(key);
      if (held) held.isUnderWay = isUnderWay;
    }
  }

  /** Flushes after so long, or earlier if that was planned. */
  #after(ms: number): void {
    const { host } = this.#parts;
    const at = host.now() + ms;
    if (!this.#isActive || this.#timerAt <= at) return;
    this.#clearTimer();
    this.#timerAt = at;
    this.#stopTimer = host.timer(ms, () => void this.flush());
  }

  #clearTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#timerAt = Infinity;
  }
}
