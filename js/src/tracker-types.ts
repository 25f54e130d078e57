/**
 * What may happen with events: nothing at all; kept on this device, without a request; or sent.
 */
export type Consent = 'off' | 'local' | 'sync';

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
  anonymousId?: string;
  eventType: string;
  itemId?: string;
  eventValue?: number;
  properties?: Readonly<Record<string, unknown>>;
  impression?: readonly string[];
  recommendationId?: string;
  sentAt: number;
}

export interface RejectedEvent {
  event: WireEvent;
  /** The collector's word for it, such as `InvalidInputException`. */
  code: string;
  message: string;
}
