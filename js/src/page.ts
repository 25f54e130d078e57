// What the tracker asks of the page, browser or program it runs in. Everything is looked up when it is
// used: importing needs nothing, and edge runtimes that lack it all do well without.

interface Surroundings {
  navigator?: Partial<Navigator> & { globalPrivacyControl?: boolean };
  document?: Document;
}
const around: Surroundings = globalThis;

export function isOffline(): boolean {
  return around.navigator?.onLine === false;
}

/** Whether the browser says that its user objects to being tracked. */
export function hasPrivacyControl(): boolean {
  return around.navigator?.globalPrivacyControl === true;
}

export function locks(): Pick<LockManager, 'request'> | undefined {
  return around.navigator?.locks;
}

/** Whether requests know this option; some edge runtimes refuse those that they do not know. */
export function requestsKnow(option: string): boolean {
  return typeof Request === 'function' && option in Request.prototype;
}

/** Hands a body to the browser, which says no more. */
export function beacon(url: string, body: string): void {
  around.navigator?.sendBeacon?.(url, body);
}

export function absoluteUrl(relative: string): string {
  return new URL(relative, around.document?.baseURI).href;
}

/**
 * Listens to the page: that it is hidden or goes, that it is seen again, perhaps after it was frozen,
 * and that the network is back. Nothing is heard where there is no page.
 */
export function listenToPage(
  hidden: () => void,
  shown: () => void,
  online: () => void,
  signal: AbortSignal,
): void {
  const { document } = around;
  if (!document) return;
  const changed = () => (document.visibilityState === 'hidden' ? hidden : shown)();
  document.addEventListener('visibilitychange', changed, { signal });
  addEventListener('pagehide', hidden, { signal });
  addEventListener('pageshow', (event) => event.persisted && shown(), { signal });
  addEventListener('online', online, { signal });
}

/** A line to the other tabs; returns what says something on it. */
export function openChannel(
  name: string,
  heard: (message: unknown) => void,
  signal: AbortSignal,
): (message: unknown) => void {
  try {
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => heard(data);
    signal.addEventListener('abort', () => channel.close());
    return (message) => channel.postMessage(message);
  } catch {
    return () => {}; // a sandboxed frame has no other tabs
  }
}
