// What Personalize's events API takes: events, and records of items, users and actions.
import type { NewEvent } from './types.js';
import { invalidInput, notFound } from './wire-error.js';
import { defined } from './wire-lists.js';
import { WireReader } from './wire-reader.js';

const kId = { most: 256 };
const kSource = {
  most: 1024,
  pattern: /^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/,
  wanted: 'printable ASCII and not only spaces',
};
const kMaxEntries = 10;
const kMaxImpression = 25;
const kMaxPropertyCharacters = 1024;
const kRecommendationId = { most: 40 };
const kYear2000 = 946_684_800;
const kDaySeconds = 86_400;

/** What the records of each path are called, and how long their properties may be. */
const kRecords = {
  items: { id: 'itemId', dataset: 'ITEMS', most: 32_000 },
  users: { id: 'userId', dataset: 'USERS', most: 24_000 },
  actions: { id: 'actionId', dataset: 'ACTIONS', most: 32_000 },
} as const;

/** An event that a device sent. */
export interface WireEvent {
  eventType: string;
  /** Seconds since 1970. */
  sentAt: number;
  eventId?: string;
  itemId?: string;
  eventValue?: number;
  properties?: Readonly<Record<string, unknown>>;
  recommendationId?: string;
  impression?: string[];
}

export interface WireEvents {
  trackingId: string;
  sessionId: string;
  userId?: string;
  events: WireEvent[];
}

export function readEvents(body: WireReader): WireEvents {
  return {
    trackingId: body.requiredText('trackingId', kId),
    sessionId: body.requiredText('sessionId', kId),
    ...defined({ userId: body.text('userId', kId) }),
    events: body.requiredList('eventList', kMaxEntries, (value, path) => eventOf(new WireReader(value, path))),
  };
}

/** Checks PutItems, PutUsers or PutActions. */
export function checkRecords(kind: keyof typeof kRecords, body: WireReader): void {
  const { id, dataset, most } = kRecords[kind];
  const arn = body.requiredText('datasetArn', {
    most: 256,
    pattern: /^arn:[a-z\d-]+:personalize:[^:]*:[^:]*:dataset\/.+$/,
    wanted: 'arn:aws:personalize:<region>:<account>:dataset/...',
  });
  if (!arn.toUpperCase().endsWith(`/${dataset}`)) throw notFound(`datasetArn ${arn} is no ${kind} dataset`);
  body.requiredList(kind, kMaxEntries, (value, path) => {
    const record = new WireReader(value, path);
    record.requiredText(id, kId);
    record.embeddedObject('properties', most);
  });
}

export function checkActionInteractions(body: WireReader): void {
  body.requiredText('trackingId', kId);
  body.requiredList('actionInteractions', kMaxEntries, (value, path) => {
    const one = new WireReader(value, path);
    for (const name of ['actionId', 'sessionId', 'eventType']) one.requiredText(name, kId);
    timeOf(one, 'timestamp');
    commonOf(one);
    one.text('userId', kId);
  });
}

/**
 * The event as a session records it; undefined for one without an item. Its properties are columns of
 * the event where the model knows such, or when it knows none and so refuses none.
 */
export function recorded(event: WireEvent, contextColumns: readonly { name: string }[]): NewEvent | undefined {
  const { itemId, eventType, sentAt, eventValue, properties = {} } = event;
  if (itemId === undefined) return undefined;
  const known = contextColumns.map(({ name }) => name.toLowerCase());
  const context = Object.entries(properties).filter(
    ([name, value]) =>
      /^\w{1,150}$/.test(name) &&
      ['string', 'number', 'boolean'].includes(typeof value) &&
      (!known.length || known.includes(name.toLowerCase())),
  ) as [string, string | number | boolean][];
  return {
    itemId,
    eventType,
    timestamp: sentAt,
    ...defined({ eventValue }),
    ...(context.length && { context: Object.fromEntries(context) }),
  };
}

function eventOf(event: WireReader): WireEvent {
  event.object('metricAttribution')?.requiredText('eventAttributionSource', kSource);
  return {
    eventType: event.requiredText('eventType', kId),
    sentAt: timeOf(event, 'sentAt'),
    ...defined({ itemId: event.text('itemId', kId), eventValue: event.number('eventValue') }),
    ...commonOf(event),
  };
}

/** What events of items and of actions have in common. */
function commonOf(event: WireReader): Omit<WireEvent, 'eventType' | 'sentAt'> {
  return defined({
    eventId: event.text('eventId', kId),
    properties: event.embeddedObject('properties', kMaxPropertyCharacters),
    recommendationId: event.text('recommendationId', kRecommendationId),
    impression: event.texts('impression', kMaxImpression, kId),
  });
}

/** As the collector has it, so that nothing is taken here that it would reject later. */
function timeOf(event: WireReader, name: string): number {
  const seconds = event.requiredNumber(name);
  if (seconds < kYear2000) throw invalidInput(`${event.pathOf(name)} is before the year 2000`);
  if (seconds > Date.now() / 1000 + kDaySeconds) {
    throw invalidInput(`${event.pathOf(name)} is more than a day in the future`);
  }
  return seconds;
}
