import type { QueuedEvents } from './event-storage.js';
import { requestsKnow } from './page.js';
import { retryAfterMs } from './retry.js';

const kTimeoutMs = 30_000;
const kRefusedPauseMs = 3600_000;
/** All that a page may have under way with `keepalive` is 64 KiB. */
const kMaxBodyBytes = 60 * 1024;

/** What the collector said of an event. */
export interface Verdict {
  readonly status: string;
  readonly code?: string;
  readonly message?: string;
}

/** What came of sending events: a verdict on them, or why there is none. */
export interface Outcome {
  /** The collector's word by eventId; undefined for events that it did not mention. */
  readonly verdict?: (eventId: string) => Verdict | undefined;
  readonly isTooMuch?: boolean;
  /** Nobody may send for so long, in milliseconds; without it another try is worth it. */
  readonly refusedMs?: number;
  /** The collector's wish for the next try. */
  readonly retryAfterMs?: number;
  readonly isNetworkDown?: boolean;
  readonly message: string;
}

/** Bytes for events in one body, which the browser lets outlive its page. */
export function roomInBody(trackingId: string): number {
  return kMaxBodyBytes - 100 - 6 * trackingId.length;
}

/** A batch in the collector's form. */
export function bodyOf(trackingId: string, events: QueuedEvents, dropped = 0): string {
  const start = `{"trackingId":${JSON.stringify(trackingId)},"sentAt":${Date.now() / 1000}`;
  return `${start},"dropped":${dropped},"events":[${[...events.values()].join()}]}`;
}

/** Sends a batch and reads the answer. The request is made before this returns. Never rejects. */
export async function send(url: string, body: string): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(kTimeoutMs),
      ...(requestsKnow('credentials') && { credentials: 'omit', keepalive: true }),
    });
    return outcomeOf(response, await response.json().catch(() => {}));
  } catch (error) {
    return { isNetworkDown: true, message: `the collector cannot be reached: ${error}` };
  }
}

function outcomeOf(
  { ok, status, headers }: Response,
  answer: { results?: unknown; __type?: string; message?: string } | undefined,
): Outcome {
  const { results, __type: code, message: reason = 'no acknowledgement' } = answer ?? {};
  const message = `the collector answered ${status} ${code ?? ''}: ${reason}`;
  if (ok && Array.isArray(results)) {
    const verdicts = new Map(results.map((result) => [result?.eventId, result]));
    return { verdict: (eventId) => verdicts.get(eventId), message };
  }
  // Only a collector's own word costs events; another answer may come from anything on the way.
  if (code && [400, 413, 415, 422].includes(status)) {
    const verdict = { status: 'rejected', code, message };
    return { verdict: () => verdict, isTooMuch: status === 413, message };
  }
  if (status < 400 || status >= 500 || [408, 425, 429].includes(status)) {
    return { retryAfterMs: retryAfterMs(headers.get('Retry-After')), message };
  }
  return { refusedMs: kRefusedPauseMs, message };
}
