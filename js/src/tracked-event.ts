// Checks of tracked events, by the limits of Amazon Personalize's PutEvents.
import { checkOptions, checkText, checkTimestamp, invalid, show } from './check.js';
import type { TrackedEvent, WireEvent } from './tracker-types.js';

const kMaxPropertyCharacters = 1024;
const kMaxPropertyDepth = 10;
/** Ids that an event says were shown. */
export const kMaxImpression = 25;

const kIds = [
  'eventId',
  'sessionId',
  'userId',
  'anonymousId',
  'eventType',
  'itemId',
  'recommendationId',
] as const;
const kOthers = ['eventValue', 'properties', 'impression', 'sentAt'];

/** An event with all that its caller said; who did it may be missing. */
export type CheckedEvent = Omit<WireEvent, 'eventId' | 'sessionId'> & Partial<WireEvent>;

/** Throws `INVALID_ARGUMENT`. `now` in milliseconds. */
export function checkTrackedEvent(event: TrackedEvent, now: number): CheckedEvent {
  const given = checkOptions('track', event ?? null, [...kIds, ...kOthers]);
  const { eventValue, properties, impression, sentAt } = given;
  const checked: Partial<WireEvent> = {};
  for (const id of kIds) {
    const value = given[id];
    if (value !== undefined || id === 'eventType') checked[id] = checkText(id, value);
  }
  if (checked.sessionId === undefined && (checked.userId ?? checked.anonymousId) !== undefined) {
    throw invalid('track: an event with a user of its own needs a sessionId of its own');
  }
  if (eventValue !== undefined) {
    if (!Number.isFinite(eventValue)) {
      throw invalid(`eventValue: ${show(eventValue)} is not a finite number`);
    }
    checked.eventValue = eventValue;
  }
  if (properties !== undefined) checked.properties = checkProperties(properties);
  if (impression !== undefined) checked.impression = checkImpression(impression);
  checked.sentAt = sentAt === undefined ? now / 1000 : checkTimestamp('sentAt', sentAt);
  return checked as CheckedEvent;
}

function checkImpression(ids: readonly string[]): readonly string[] {
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > kMaxImpression) {
    throw invalid(`impression: ${show(ids)} is not an array of 1 to ${kMaxImpression} item ids`);
  }
  return ids.map((id, i) => checkText(`impression[${i}]`, id));
}

function checkProperties(properties: object): Record<string, unknown> {
  checkOptions('properties', properties, Object.keys(properties ?? {}));
  let json: string;
  try {
    json = JSON.stringify(properties, checkTexts);
  } catch (error) {
    throw invalid(`properties: ${(error as Error).message}`);
  }
  if (json.length > kMaxPropertyCharacters) {
    throw invalid(
      `properties: ${json.length} characters of JSON, at most ${kMaxPropertyCharacters}`,
    );
  }
  const copy: Record<string, unknown> = JSON.parse(json);
  if (depth(copy) > kMaxPropertyDepth) {
    throw invalid(`properties: nested deeper than ${kMaxPropertyDepth} levels`);
  }
  return copy;
}

/** One lone surrogate makes a whole batch malformed JSON to strict parsers. */
function checkTexts(key: string, value: unknown): unknown {
  for (const text of [key, value]) {
    if (typeof text === 'string' && /\p{Surrogate}/u.test(text)) {
      throw new Error(`${show(text)} is not well-formed text`);
    }
  }
  return value;
}

function depth(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}
