// Checks of what callers pass. Types promise it, but much of it comes from JSON or plain JavaScript.
import { AttuneError } from './errors.js';
import type { NamedTexts } from './query.js';
import type { HistoryEvent, NewEvent } from './types.js';

const kMaxIdCharacters = 256;
/** In seconds: the year 5138. Anything above is milliseconds taken for seconds. */
const kMaxTimestamp = 1e11;

export function invalid(message: string): AttuneError {
  return new AttuneError('INVALID_ARGUMENT', message);
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Bytes as they lie in the caller's buffer, or undefined if `value` is something else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  // By its tag, because a buffer may come from another realm.
  const tag = Object.prototype.toString.call(value);
  return /^\[object (Shared)?ArrayBuffer\]$/.test(tag)
    ? new Uint8Array(value as ArrayBuffer)
    : undefined;
}

/** Refuses anything but an object of the known keys (or undefined); returns it, never undefined. */
export function checkOptions<T extends object>(
  where: string,
  options: T | undefined,
  known: readonly string[],
): T {
  if (options === undefined) return {} as T;
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw invalid(`${where}: ${show(options)} is not an object of options`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw invalid(`${where}: unknown option ${show(key)}${meant(key, known)}`);
  }
  return options;
}

/** A well-formed text of 1 to `most` characters (code points). */
export function checkText(name: string, value: unknown, most = kMaxIdCharacters): string {
  if (typeof value !== 'string') throw invalid(`${name}: ${show(value)} is not a string`);
  const long = value.length > most && [...value].length > most;
  if (value === '' || long) {
    throw invalid(`${name}: ${show(value)} must have 1 to ${most} characters`);
  }
  if (/[\0\ud800-\udfff]/u.test(value))
    throw invalid(`${name}: ${show(value)} is not well-formed text`);
  return value;
}

/** A whole number from `least` to 2^32 - 1. */
export function checkCount(name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) < 2 ** 32) {
    return value as number;
  }
  throw invalid(`${name}: ${show(value)} is not a whole number of at least ${least}`);
}

/** Seconds since 1970 of a Date or a number of seconds. */
export function checkTimestamp(name: string, value: unknown): number {
  const seconds = value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= kMaxTimestamp)) {
    throw invalid(`${name}: ${show(value)} is neither a valid Date nor seconds since 1970`);
  }
  return seconds;
}

/** `; did you mean "x"?` for the known name nearest to a misspelt one, or nothing. */
export function meant(name: string, known: readonly string[]): string {
  const wanted = name.toLowerCase().slice(0, 64);
  let nearest = '';
  let least = Math.max(2, wanted.length / 3) + 1;
  for (const candidate of known) {
    const distance = edits(wanted, candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  if (nearest) return `; did you mean ${show(nearest)}?`;
  return known.length ? `; known: ${known.slice(0, 20).join(', ')}` : '; there are none';
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein distance). */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** An event as the engine takes it; `context` has been checked. */
export function checkEvent(event: NewEvent, context: NamedTexts): HistoryEvent {
  const {
    itemId,
    eventType = 'click',
    timestamp = Date.now() / 1000,
    eventValue,
  } = checkOptions('record', event, [
    'itemId',
    'eventType',
    'timestamp',
    'eventValue',
    'recommendationId',
    'impression',
    'context',
  ]);
  if (eventValue !== undefined && !Number.isFinite(eventValue)) {
    throw invalid(`eventValue: ${show(eventValue)} is not a finite number`);
  }
  return {
    itemId: checkText('itemId', itemId),
    eventType: checkText('eventType', eventType),
    timestamp: checkTimestamp('timestamp', timestamp),
    ...(eventValue !== undefined && { eventValue }),
    context: Object.fromEntries(context),
  };
}
