// Entry `attune/tracker`: events from the page to the collector.
import { checkOptions, checkText, invalid, show } from './check.js';
import { makeDisposable } from './disposable.js';
import { AttuneError } from './errors.js';
import { EventQueue } from './event-queue.js';
import { keyOf } from './event-storage.js';
import { type Channel, type Host, kHost } from './host.js';
import { Sender } from './sender.js';
import { SendingLock } from './sending-lock.js';
import type { Session } from './session.js';
import { ShownLists } from './shown-lists.js';
import { checkTrackedEvent, kMaxImpression } from './tracked-event.js';
import type { Consent, RejectedEvent, TrackedEvent, TrackerOptions } from './tracker-types.js';
import { Transport } from './transport.js';
import type { PersonalizedRanking, Recommendations } from './types.js';
import { uuidV7 } from './uuid.js';
import { Visitor } from './visitor.js';

export { AttuneError } from './errors.js';
export type { ErrorCode, LocalErrorCode } from './errors.js';
export type * from './tracker-types.js';

const kConsents: readonly Consent[] = ['off', 'local', 'sync'];
const kOptions = [
  'endpoint',
  'trackingId',
  'consent',
  'onRejected',
  'sessionTimeoutMinutes',
  'flushIntervalMs',
  'globalPrivacyControl',
  'database',
];
const kMaxSequence = 4096;

/** Throws `INVALID_ARGUMENT`, and nothing else ever; what fails later is in the tracker's errors. */
export function createTracker(options: TrackerOptions): Tracker {
  return new Tracker(options);
}

/**
 * Tracks what a visitor does: keeps events on the device until the collector has said that it has
 * them. Neither a broken storage nor a missing network is ever the page's affair.
 */
export class Tracker {
  declare [Symbol.dispose]: () => void;

  readonly #host: Host;
  readonly #name: string;
  readonly #queue: EventQueue;
  readonly #visitor: Visitor;
  readonly #sender: Sender;
  readonly #lists = new ShownLists();
  readonly #heedsPrivacyControl: boolean;
  #consent: Consent = 'off';
  #isDisposed = false;
  #channel: Channel | undefined;
  #stopListening: (() => void) | undefined;
  /** Goes up when everything is forgotten: what was begun before must not be stored after. */
  #generation = 0;
  #lastKeyAt = 0;
  #sequence = 0;
  #cleared: Promise<void> = Promise.resolve();

  /** @internal */
  constructor(options: TrackerOptions, host: Host = kHost) {
    const given = checkOptions('createTracker', options ?? null, kOptions);
    const minutes = checkNumber('sessionTimeoutMinutes', given.sessionTimeoutMinutes ?? 30, 1);
    const name = checkText('database', given.database ?? 'attune-tracker');
    this.#host = host;
    this.#name = name;
    this.#heedsPrivacyControl = given.globalPrivacyControl ?? true;
    this.#queue = new EventQueue(host.storage(name), host.now);
    this.#visitor = new Visitor(host, this.#queue, 60_000 * minutes);
    this.#sender = new Sender({
      host,
      queue: this.#queue,
      transport: makeTransport(host, given),
      lock: new SendingLock(host, name, this.#queue),
      flushIntervalMs: checkNumber('flushIntervalMs', given.flushIntervalMs ?? 5000, 0),
      onRejected: checkCallback(given.onRejected) ?? ((rejected) => warnOf(host, rejected)),
    });
    const consent = this.#effective(given.consent);
    if (consent === 'off') void this.#wipe();
    else this.#agree(consent);
  }

  /** What may happen with events; `off` under a Global Privacy Control. */
  get consent(): Consent {
    return this.#consent;
  }

  /** Why storing last failed; events are in memory then, until the page goes. */
  get storageError(): AttuneError | undefined {
    return this.#queue.storageError;
  }

  /** Why sending last failed; it is tried again by itself. */
  get deliveryError(): AttuneError | undefined {
    return this.#sender.deliveryError;
  }

  /**
   * Keeps an event. Resolves to its eventId when it is committed to the storage of the device, or
   * is in memory because that one fails; to undefined without consent. Rejects with
   * `INVALID_ARGUMENT` for an event that PutEvents would not take, and for nothing else.
   */
  async track(event: TrackedEvent): Promise<string | undefined> {
    const checked = this.#lists.attribute(checkTrackedEvent(event, this.#host.now()));
    this.#checkLive();
    if (this.#consent === 'off') return undefined;
    const generation = this.#generation;
    const uuid = this.#newUuid();
    let visitor = checked.sessionId === undefined ? this.#visitor.current() : undefined;
    while (checked.sessionId === undefined && !visitor) {
      await this.#cleared;
      await this.#visitor.load();
      if (generation !== this.#generation) return undefined;
      visitor = this.#visitor.current();
    }
    const eventId = checked.eventId ?? uuid;
    const json = JSON.stringify({ eventId, ...visitor?.identity, ...checked });
    const queued = { key: keyOf(uuid, json), eventId, json };
    this.#sender.hold(queued);
    await this.#queue.append(queued, visitor?.states ?? {});
    this.#sender.stored(queued.key);
    return eventId;
  }

  /**
   * Tracks what a session records from now on, each event with the list that it answers; returns
   * what ends it.
   */
  attach(session: Session): () => void {
    session.observer = {
      items: (recommendationId, items) => this.#note(recommendationId, items),
      record: (checked, { recommendationId, impression }) => {
        const { timestamp, ...event } = checked;
        const shown = impression?.length ? { impression: impression.slice(0, kMaxImpression) } : {};
        this.track({ ...event, sentAt: timestamp, recommendationId, ...shown }).catch(
          (error: AttuneError) => this.#host.warn(error.message),
        );
      },
    };
    return () => (session.observer = undefined);
  }

  /** Notes a list that no attached session made, such as similar items, as shown. */
  shown(list: Recommendations | PersonalizedRanking): void {
    const items = 'itemList' in list ? list.itemList : list.personalizedRanking;
    this.#note(checkText('recommendationId', list.recommendationId), items);
  }

  /**
   * Says who the visitor is, on all tabs and later visits; null says that nobody knows. What was
   * anonymous becomes this user's; another user than before is another visitor from the start.
   */
  async identify(userId: string | null): Promise<void> {
    this.#visitor.tell(userId === null ? null : checkText('userId', userId));
    if (this.#consent === 'off') return;
    await this.#cleared;
    await this.#visitor.load();
    this.#channel?.post('identity');
  }

  /** Resolves when what the new consent forbids has been removed, or could not be. */
  async setConsent(consent: Consent): Promise<void> {
    const effective = this.#effective(consent);
    this.#checkLive();
    if (effective === 'off') {
      this.#channel?.post('off');
      return this.#withdraw();
    }
    this.#agree(effective);
    return this.#cleared;
  }

  /** Forgets the visitor, events that wait and all. What comes after is of somebody new. */
  async reset(): Promise<void> {
    this.#channel?.post('reset');
    this.#forget();
    return this.#wipe();
  }

  /** Sends what waits. Resolves, never rejects, to whether nothing waits any more. */
  async flush(): Promise<boolean> {
    await this.#cleared;
    return this.#sender.flush();
  }

  /** Ends sending and listening. What waits is sent on the next visit. */
  dispose(): void {
    this.#isDisposed = true;
    this.#close();
  }

  #checkLive(): void {
    if (this.#isDisposed) throw new AttuneError('DISPOSED', 'this tracker was disposed of');
  }

  #effective(consent: Consent): Consent {
    if (!kConsents.includes(consent)) {
      throw invalid(`consent: ${show(consent)} is not "off", "local" or "sync"`);
    }
    const refused = this.#heedsPrivacyControl && this.#host.globalPrivacyControl;
    return refused ? 'off' : consent;
  }

  #agree(consent: Consent): void {
    const wasOff = this.#consent === 'off';
    this.#consent = consent;
    if (wasOff) {
      this.#cleared = this.#cleared.then(() => this.#reopen());
      this.#listen();
    }
    if (consent === 'sync') this.#sender.start();
    else this.#sender.stop();
  }

  #listen(): void {
    this.#channel = this.#host.channel(this.#name, (message) => this.#heard(message));
    this.#stopListening = this.#host.listen({
      hidden: () => this.#sender.hidden(),
      shown: () => {
        this.#visitor.forget();
        this.#sender.shown();
      },
      online: () => void this.#sender.online(),
    });
  }

  #heard(message: unknown): void {
    if (message === 'off') void this.#withdraw();
    else if (message === 'reset') this.#forget();
    else this.#visitor.forget();
  }

  #withdraw(): Promise<void> {
    this.#close();
    this.#forget();
    return this.#wipe();
  }

  #close(): void {
    this.#consent = 'off';
    this.#sender.stop();
    this.#channel?.close();
    this.#stopListening?.();
  }

  /** Empties the memory of all but the consent. */
  #forget(): void {
    this.#generation++;
    this.#visitor.reset();
    this.#lists.clear();
    this.#sender.stop();
    if (this.#consent === 'sync') this.#sender.start();
  }

  /** Empties the storage, and closes it if nothing may be stored any more. */
  #wipe(): Promise<void> {
    this.#queue.isOpen = false;
    this.#cleared = this.#cleared.then(() => this.#queue.clear()).then(() => this.#reopen());
    return this.#cleared;
  }

  #reopen(): void {
    if (this.#consent === 'off') return;
    this.#queue.isOpen = true;
    // Behind the page's back, so that the first event needs not wait for it.
    void this.#visitor.load();
  }

  #note(recommendationId: string, items: readonly { itemId: string }[]): void {
    const ids = items.map(({ itemId }) => itemId);
    this.#lists.add(recommendationId, ids);
  }

  /** Sorts after all before it, even when the clock stands still or goes back. */
  #newUuid(): string {
    const now = this.#host.now();
    this.#sequence = now > this.#lastKeyAt ? 0 : this.#sequence + 1;
    if (this.#sequence === 0) this.#lastKeyAt = now;
    if (this.#sequence === kMaxSequence) [this.#sequence, this.#lastKeyAt] = [0, this.#lastKeyAt + 1];
    return uuidV7(this.#lastKeyAt, this.#host.random, this.#sequence);
  }
}

makeDisposable(Tracker);

function makeTransport(host: Host, { endpoint, trackingId }: TrackerOptions): Transport {
  checkText('endpoint', `${endpoint ?? ''}`, 2048);
  try {
    return new Transport(host, endpoint, checkText('trackingId', trackingId));
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw invalid(`endpoint: ${show(endpoint)} is not the URL of a collector`);
  }
}

function checkNumber(name: string, value: number, least: number): number {
  if (value >= least && value < 1e9) return value;
  throw invalid(`${name}: ${show(value)} is not a number of at least ${least}`);
}

function checkCallback(onRejected: TrackerOptions['onRejected']): TrackerOptions['onRejected'] {
  if (onRejected === undefined || typeof onRejected === 'function') return onRejected;
  throw invalid(`onRejected: ${show(onRejected)} is not a function`);
}

function warnOf(host: Host, { event, code, message }: RejectedEvent): void {
  host.warn(`the collector rejected the event ${event.eventId}: ${code}: ${message}`);
}
