// Checks of what callers say, by the limits of Amazon Personalize's PutEvents. Smaller than those of the
// core, because this entry is.
import { invalid, show } from './check.js';
import type { TrackedEvent, WireEvent } from './tracker-types.js';

const kMaxPropertyCharacters = 1024;
/** Far less than collectors take, because one event too deep spoils a batch. */
const kMaxPropertyDepth = 8;
const kMaxTimestamp = 1e11;
/** Ids that an event says were shown. */
export const kMaxImpression = 25;
/** So many of the fields, from the first on, are ids. */
const kIds = 7;

const kFields = [
  'eventId',
  'sessionId',
  'userId',
  'anonymousId',
  'eventType',
  'itemId',
  'recommendationId',
  'eventValue',
  'properties',
  'impression',
  'sentAt',
] as const;

/** An event with all that its caller said; who did it may be missing. */
export type CheckedEvent = Omit<WireEvent, 'eventId' | 'sessionId'> & Partial<WireEvent>;

/** Throws `INVALID_ARGUMENT`: "name: value is not what is wanted". */
export function demand(isRight: boolean, name: string, value: unknown, wanted: string): void {
  if (!isRight) throw invalid(`${name}: ${show(value)} is not ${wanted}`);
}

export function demandKnown(where: string, given: object, known: readonly string[]): void {
  demand(given?.constructor !== Array && Object(given) === given, where, given, 'an object');
  for (const key of Object.keys(given)) {
    demand(known.includes(key), where, key, `one of ${known.join(', ')}`);
  }
}

/** A well-formed text of 1 to 256 characters (code points). */
export function demandText(name: string, value: unknown): void {
  const isRight = typeof value === 'string' && /^\P{Surrogate}{1,256}$/su.test(value);
  demand(isRight, name, value, 'a text of 1 to 256 characters');
}

export function checkTrackedEvent(event: TrackedEvent): CheckedEvent {
  demandKnown('track', event, kFields);
  const { eventValue = 0, properties = {}, impression, sentAt = Date.now() / 1000 } = event;
  for (const name of kFields.slice(0, kIds)) {
    const value = event[name];
    if (value !== undefined || name === 'eventType') demandText(name, value);
  }
  const hasUser = event.userId ?? event.anonymousId;
  demand(!hasUser || !!event.sessionId, 'sessionId', undefined, 'there, as userId is');
  demand(Number.isFinite(eventValue), 'eventValue', eventValue, 'a finite number');
  if (impression) {
    const isList = Array.isArray(impression) && impression.length <= kMaxImpression;
    demand(isList, 'impression', impression, `a list of at most ${kMaxImpression} ids`);
    impression.forEach((id) => demandText('impression', id));
  }
  const isSmall =
    Object(properties) === properties &&
    depth(properties) <= kMaxPropertyDepth &&
    JSON.stringify(properties).length <= kMaxPropertyCharacters;
  const wanted = `JSON of ${kMaxPropertyCharacters} characters and ${kMaxPropertyDepth} levels`;
  demand(isSmall, 'properties', properties, wanted);
  const seconds = +sentAt / (sentAt instanceof Date ? 1000 : 1);
  demand(seconds >= 0 && seconds <= kMaxTimestamp, 'sentAt', sentAt, 'a Date or seconds since 1970');
  const shown = impression?.length ? impression : undefined;
  return { ...event, impression: shown, sentAt: seconds } as CheckedEvent;
}

/** The event's text; halves of characters in properties would make the batch unreadable. */
export function jsonOf(event: object): string {
  return JSON.stringify(event, (_, value) =>
    typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value,
  );
}

/** Levels of nesting, as far as they matter; a circle has endless ones. */
function depth(value: unknown, level = 0): number {
  if (value === null || typeof value !== 'object' || level > kMaxPropertyDepth) return level;
  return Math.max(level, ...Object.values(value).map((part) => depth(part, level + 1)));
}
