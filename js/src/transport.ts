import type { QueuedEvent } from './event-storage.js';
import type { Host } from './host.js';
import { retryAfterMs } from './retry.js';

const kTimeoutMs = 30_000;
const kRefusedPauseMs = 3600_000;
const kRetried = [408, 425, 429];
/** All that a page may have under way with `keepalive` is 64 KiB. */
const kMaxBodyBytes = 60 * 1024;

/** What the collector said of one event. */
export interface Verdict {
  status: 'stored' | 'duplicate' | 'rejected';
  code?: string;
  message?: string;
}

/** What came of sending events. */
export type Outcome =
  /** The collector has dealt with these. */
  | { kind: 'acknowledged'; verdicts: ReadonlyMap<string, Verdict> }
  /** The collector will never take this batch. */
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'too large'; code: string; message: string }
  /** Nobody may send before so long. */
  | { kind: 'paused'; ms: number; message: string }
  /** Worth another try, not before so long if the collector said so. */
  | { kind: 'failed'; ms: number; message: string; isNetwork: boolean }
  /** Handed to the browser, which says no more. */
  | { kind: 'unknown' };

/** Sends batches to a collector and reads its answers. Never rejects. */
export class Transport {
  readonly #host: Host;
  readonly #url: string;
  readonly #trackingId: string;
  readonly #under = new Set<AbortController>();

  constructor(host: Host, endpoint: string | URL, trackingId: string) {
    this.#host = host;
    this.#url = host.url(`${String(endpoint).replace(/\/+$/, '')}/v1/events`);
    this.#trackingId = trackingId;
  }

  /** Bytes for events in one body, which the browser lets outlive its page. */
  get roomBytes(): number {
    return kMaxBodyBytes - 100 - 6 * this.#trackingId.length;
  }

  /** Gives up what is under way. */
  abort(): void {
    for (const controller of this.#under) controller.abort();
  }

  async send(events: readonly QueuedEvent[], dropped: number): Promise<Outcome> {
    const controller = new AbortController();
    const stop = this.#host.timer(kTimeoutMs, () => controller.abort());
    this.#under.add(controller);
    try {
      const response = await this.#host.fetch(this.#url, {
        method: 'POST',
        body: this.#body(events, dropped),
        signal: controller.signal,
        ...this.#host.pageRequest,
      });
      return await outcomeOf(response, this.#host.now());
    } catch (error) {
      const message = `the collector cannot be reached: ${(error as Error)?.message ?? error}`;
      return { kind: 'failed', ms: 0, message, isNetwork: true };
    } finally {
      stop();
      this.#under.delete(controller);
    }
  }

  /** Sends from a page that may be about to go. The request is made before this returns. */
  async sendLast(events: readonly QueuedEvent[]): Promise<Outcome> {
    if (this.#host.outlivesPage) return this.send(events, 0);
    this.#host.sendBeacon(this.#url, this.#body(events, 0)); // refused or not, the events stay
    return { kind: 'unknown' };
  }

  #body(events: readonly QueuedEvent[], dropped: number): string {
    const trackingId = JSON.stringify(this.#trackingId);
    const lost = dropped ? `,"dropped":${dropped}` : '';
    const list = events.map(({ json }) => json).join();
    const sentAt = this.#host.now() / 1000;
    return `{"trackingId":${trackingId},"sentAt":${sentAt}${lost},"events":[${list}]}`;
  }
}

async function outcomeOf(response: Response, now: number): Promise<Outcome> {
  const { status, headers } = response;
  const body = await response.json().catch(() => undefined);
  if (response.ok && Array.isArray(body?.results)) {
    const results: (Verdict & { eventId: string })[] = body.results;
    const verdicts = new Map(results.map((result) => [result?.eventId, result]));
    return { kind: 'acknowledged', verdicts };
  }
  const code = typeof body?.__type === 'string' ? body.__type.replace(/^.*#/, '') : '';
  const said = code ? `${code}: ${body.message}` : 'not an answer of a collector';
  const message = `the collector answered ${status}: ${said}`;
  if (status === 413) return { kind: 'too large', code: code || 'PayloadTooLarge', message };
  if (status < 400 || status >= 500 || kRetried.includes(status)) {
    const ms = retryAfterMs(headers.get('Retry-After'), now) ?? 0;
    return { kind: 'failed', ms, message, isNetwork: false };
  }
  // Only a collector's own word costs events; another 4xx may come from anything on the way.
  const isFinal = code && [400, 415, 422].includes(status);
  if (isFinal) return { kind: 'refused', code, message: `${body.message}` };
  return { kind: 'paused', ms: kRefusedPauseMs, message };
}
