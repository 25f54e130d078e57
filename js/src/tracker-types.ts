import type { AttuneError } from './errors.js';
import type { Session } from './session.js';
import type { PersonalizedRanking, Recommendations } from './types.js';

/**
 * What may happen with events: nothing at all; kept on this device, without a request; or sent.
 */
export type Consent = 'off' | 'local' | 'sync';

/** Where events go, what the user agreed to, and how they are kept until then. */
export interface TrackerOptions {
  /** Where the collector is; events go to `v1/events` below it. In a page it may be relative. */
  endpoint: string | URL;
  /** The event tracker's public write key, 1 to 256 characters. */
  trackingId: string;
  /** What the user agreed to. `off` also removes what an earlier visit stored. */
  consent: Consent;
  /** Is told of each event that the collector refused for good; a console warning. */
  onRejected?: ((rejected: RejectedEvent) => void) | undefined;
  /** The pause that ends a session, in minutes; 30. */
  sessionTimeoutMinutes?: number | undefined;
  /** How long events wait for company, in milliseconds; 5000. */
  flushIntervalMs?: number | undefined;
  /** Whether a browser's Global Privacy Control turns consent into `off`; true. */
  globalPrivacyControl?: boolean | undefined;
  /** Name of the IndexedDB database; `attune-tracker`. */
  database?: string | undefined;
}

/** An event as Amazon Personalize's PutEvents takes it. */
export interface TrackedEvent {
  /** 1 to 256 characters, as all ids. */
  eventType: string;
  itemId?: string | undefined;
  eventValue?: number | undefined;
  /** Anything that is JSON, at most 1024 characters of it and 10 levels deep. */
  properties?: Readonly<Record<string, unknown>> | undefined;
  /** What was shown when it happened, at most 25 ids; filled in from attached sessions. */
  impression?: readonly string[] | undefined;
  recommendationId?: string | undefined;
  /** When it happened, a Date or seconds since 1970; now. */
  sentAt?: Date | number | undefined;
  /** Two events with one id count once; made anew. */
  eventId?: string | undefined;
  /** For servers that act for many users: the event's own session, and with it its own user. */
  sessionId?: string | undefined;
  userId?: string | undefined;
  anonymousId?: string | undefined;
}

/** An event on the wire: ids in full, times in seconds. */
export interface WireEvent {
  eventId: string;
  sessionId: string;
  userId?: string;
  userToken?: string;
  anonymousId?: string;
  eventType: string;
  itemId?: string;
  eventValue?: number;
  properties?: Readonly<Record<string, unknown>>;
  impression?: readonly string[];
  recommendationId?: string;
  sentAt: number;
}

/** An event that the collector refused, which is not sent again. */
export interface RejectedEvent {
  event: WireEvent;
  /** The collector's word for it, such as `InvalidInputException`. */
  code: string;
  message: string;
}

/** Brings events to the collector, also after the page was closed and opened again. */
export interface Tracker {
  /** What may happen with events; `off` under a Global Privacy Control. */
  readonly consent: Consent;
  /** Why storing last failed; events are in memory then, until the page goes. */
  readonly storageError: AttuneError | undefined;
  /** Why sending last failed; it is tried again by itself. */
  readonly deliveryError: AttuneError | undefined;

  /**
   * Keeps an event. Resolves to its eventId when it is committed to the storage of the device, or
   * is in memory because that one fails; to undefined without consent. Rejects with
   * `INVALID_ARGUMENT` for an event that PutEvents would not take, and with `DISPOSED`.
   */
  track(event: TrackedEvent): Promise<string | undefined>;

  /**
   * Tracks what a session records from now on, each event with the list that it answers. A session
   * has one tracker. Returns what ends it.
   */
  attach(session: Session): () => void;

  /** Notes a list that no attached session made, such as similar items, as shown. */
  shown(list: Recommendations | PersonalizedRanking): void;

  /**
   * Says who the visitor is, on all tabs and later visits; null says that nobody knows. What was
   * anonymous becomes this user's; another user than before is another visitor from the start.
   * A `userToken`, which the shop's server makes, proves it to the collector (`attune tracker --help`);
   * it is kept in memory, so give it again on every page and when it expires.
   */
  identify(userId: string | null, userToken?: string): Promise<void>;

  /** Resolves when what the new consent forbids has been removed, or could not be. */
  setConsent(consent: Consent): Promise<void>;

  /** Forgets the visitor, events that wait and all. What comes after is of somebody new. */
  reset(): Promise<void>;

  /** Sends what waits. Resolves, never rejects, to whether nothing waits any more. */
  flush(): Promise<boolean>;

  /** Ends sending and listening. What waits is sent on the next visit. */
  dispose(): void;
  /** As dispose(), for `using`. */
  [Symbol.dispose](): void;
}
