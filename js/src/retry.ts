const kBaseMs = 1000;
const kCapMs = 5 * 60_000;
/** No answer makes a device wait for longer. */
export const kLongestMs = 24 * 3600_000;

/** Back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015). */
export function backOffMs(failures: number, random: number): number {
  return random * Math.min(kCapMs, kBaseMs * 2 ** Math.min(failures, 20));
}

/** What a `Retry-After` header says, seconds or an HTTP date; undefined for nothing or nonsense. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - now;
  // Date.parse takes more than HTTP dates, which begin with the day of the week.
  if (!/^(\d+$|[a-z]{3,9},? )/i.test(text) || Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(ms, 0), kLongestMs);
}
