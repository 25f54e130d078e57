const kBaseMs = 1000;
const kCapMs = 5 * 60_000;
/** No answer makes a device wait for longer. */
export const kLongestMs = 24 * 3600_000;

/** Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015); in milliseconds. */
export function backOffMs(failures: number): number {
  return Math.random() * Math.min(kCapMs, kBaseMs * 2 ** failures);
}

/** What a `Retry-After` header says, seconds or an HTTP date, in milliseconds; 0 for nonsense. */
export function retryAfterMs(header: string | null): number {
  const text = `${header}`;
  const ms = /^\d+$/.test(text) ? 1000 * +text : Date.parse(text) - Date.now();
  return Math.min(Math.max(ms || 0, 0), kLongestMs);
}
