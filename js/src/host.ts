// The tracker's surroundings: the one file of the tracker that knows pages, browsers and clocks.
// Everything is looked up when it is used, so that importing needs nothing and tests can replace it.
import { hasDatabases } from './database.js';
import { StoredEvents } from './event-database.js';
import type { EventStorage } from './event-storage.js';

/** What a page tells its tracker. */
export interface PageEvents {
  /** The page is hidden or about to go. */
  hidden(): void;
  /** The page is seen again; it may have been frozen. */
  shown(): void;
  online(): void;
}

export interface Host {
  /** Milliseconds since 1970. */
  now(): number;
  random(): number;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** What requests of a page want beside the body. */
  readonly pageRequest: RequestInit;
  /** Whether requests can outlive their page and still be answered to it. */
  readonly outlivesPage: boolean;
  sendBeacon(url: string, body: string): void;
  /** An absolute URL. */
  url(relative: string): string;
  /** Runs `act` once, later; returns what stops it. */
  timer(ms: number, act: () => void): () => void;
  readonly locks: Pick<LockManager, 'request'> | undefined;
  /** Where events last, if anywhere. */
  storage(name: string): EventStorage | undefined;
  /** A line to the other tabs. */
  channel(name: string, heard: (message: unknown) => void): Channel | undefined;
  readonly isOffline: boolean;
  readonly globalPrivacyControl: boolean;
  /** Returns what ends the listening. */
  listen(page: PageEvents): () => void;
  warn(message: string): void;
}

export interface Channel {
  post(message: unknown): void;
  close(): void;
}

type Surroundings = {
  navigator?: Navigator & { globalPrivacyControl?: boolean };
  document?: Document;
};
const around = globalThis as unknown as Surroundings;

export const kHost: Host = {
  now: () => Date.now(),
  random: drawRandom,
  fetch: (url, init) => fetch(url, init),
  get pageRequest(): RequestInit {
    return supports('credentials') ? { credentials: 'omit', keepalive: true } : {};
  },
  get outlivesPage() {
    return supports('keepalive');
  },
  sendBeacon: (url, body) => void around.navigator?.sendBeacon?.(url, body),
  url: (relative) => new URL(relative, around.document?.baseURI).href,
  timer: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  get locks() {
    return around.navigator?.locks;
  },
  storage: (name) => (hasDatabases() ? new StoredEvents(name) : undefined),
  channel: openChannel,
  get isOffline() {
    return around.navigator?.onLine === false;
  },
  get globalPrivacyControl() {
    return around.navigator?.globalPrivacyControl === true;
  },
  listen: listenToPage,
  warn: (message) => console.warn(`attune: ${message}`),
};

/** Of `crypto`, because an id that a second device draws too loses an event. */
function drawRandom(): number {
  if (!globalThis.crypto) return Math.random();
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high! * 2 ** 21 + (low! >>> 11)) / 2 ** 53;
}

/** Whether requests know this option; some edge runtimes refuse those that they do not know. */
function supports(option: string): boolean {
  return typeof Request === 'function' && option in Request.prototype;
}

function openChannel(name: string, heard: (message: unknown) => void): Channel | undefined {
  try {
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => heard(data);
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  } catch {
    return undefined; // a sandboxed frame has no other tabs
  }
}

function listenToPage({ hidden, shown, online }: PageEvents): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const { document } = around;
  const changed = () => (document!.visibilityState === 'hidden' ? hidden() : shown());
  document?.addEventListener('visibilitychange', changed, { signal });
  if (document) {
    addEventListener('pagehide', hidden, { signal });
    addEventListener('pageshow', (event) => event.persisted && shown(), { signal });
  }
  if (document || around.navigator?.onLine !== undefined) {
    globalThis.addEventListener?.('online', online, { signal });
  }
  return () => ending.abort();
}
