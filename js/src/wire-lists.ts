// Requests for lists, as Personalize's runtime takes them, checked by its limits.
import type { NewEvent, Promotion, RecommendationOptions } from './types.js';
import { invalidInput } from './wire-error.js';
import { type TextLimits, WireReader } from './wire-reader.js';

const kId = { most: 256 };
const kColumn = { most: 150, pattern: /^[A-Za-z_][A-Za-z\d_]*$/, wanted: "a column's name" };
const kContextKey = { most: 150, pattern: /^[A-Za-z\d_]+$/, wanted: 'of letters, digits and _' };
const kFilterKey = { most: 50, pattern: /^[A-Za-z\d_]+$/, wanted: 'of letters, digits and _' };
const kValue = { most: 1000 };
const kPromotionName = {
  most: 63,
  pattern: /^[a-zA-Z\d][a-zA-Z\d_-]*$/,
  wanted: 'of letters, digits, - and _',
};
const kMaxResults = 500;
const kMaxResultsWithMetadata = 50;
const kMaxActions = 100;
const kDefaultActions = 5;
const kMaxColumns = 10;
const kMaxContext = 150;
const kMaxFilterValues = 25;
/** Events that a request may carry: an extension, the history as a device holds it. */
const kMaxEvents = 500;

/** Options of a list, with the names of filters where the recommender wants filters. */
export type WireListOptions = Pick<
  RecommendationOptions,
  'numResults' | 'context' | 'filterValues' | 'metadataColumns'
> & { filterName?: string; promotions?: (Omit<Promotion, 'filter'> & { filterName?: string })[] };

interface WireRequest {
  /** Of a campaign or a recommender. */
  campaign: string;
  events?: NewEvent[];
}

export interface WireRecommendations extends WireRequest {
  userId?: string;
  itemId?: string;
  options: WireListOptions;
}

export interface WireRanking extends WireRequest {
  userId: string;
  inputList: string[];
  options: Omit<WireListOptions, 'numResults' | 'promotions'>;
}

export function readRecommendations(body: WireReader): WireRecommendations {
  const options = listOptions(body);
  const most = options.metadataColumns ? kMaxResultsWithMetadata : kMaxResults;
  const numResults = body.count('numResults', 0, most);
  return {
    campaign: campaignOf(body, ['campaign', 'recommender']),
    ...defined({ userId: body.text('userId', kId), itemId: body.text('itemId', kId) }),
    ...eventsOf(body),
    options: { ...options, ...defined({ numResults, promotions: promotions(body) }) },
  };
}

export function readRanking(body: WireReader): WireRanking {
  const campaign = campaignOf(body, ['campaign']);
  const options = listOptions(body);
  const most = options.metadataColumns ? kMaxResultsWithMetadata : kMaxResults;
  return {
    campaign,
    userId: body.requiredText('userId', kId),
    inputList: body.texts('inputList', most, kId) ?? missing('inputList'),
    ...eventsOf(body),
    options,
  };
}

/** A list of actions: no item, no context, no metadata, and five of them unless told otherwise. */
export function readActions(body: WireReader): WireRecommendations {
  const { filterName, filterValues } = listOptions(body);
  return {
    campaign: campaignOf(body, ['campaign']),
    ...defined({ userId: body.text('userId', kId) }),
    options: {
      numResults: body.count('numResults', 0, kMaxActions) ?? kDefaultActions,
      ...defined({ filterName, filterValues }),
    },
  };
}

/** The name in `arn:aws:personalize:region:account:kind/name`. */
export function nameIn(body: WireReader, member: string, kind: string): string | undefined {
  const limits: TextLimits = {
    most: 256,
    pattern: new RegExp(`^arn:[a-z\\d-]+:personalize:[^:]*:[^:]*:${kind}/[^/]+$`),
    wanted: `arn:aws:personalize:<region>:<account>:${kind}/<name>`,
  };
  return body.text(member, limits)?.replace(/^.*\//, '');
}

function campaignOf(body: WireReader, kinds: readonly ('campaign' | 'recommender')[]): string {
  const names = kinds.map((kind) => nameIn(body, `${kind}Arn`, kind)).filter((name) => name !== undefined);
  if (names.length === 1) return names[0]!;
  const members = kinds.map((kind) => `${kind}Arn`).join(' or ');
  throw invalidInput(names.length ? 'campaignArn and recommenderArn: only one may be given' : `${members} is missing`);
}

function listOptions(body: WireReader): WireListOptions {
  const metadata = body.object('metadataColumns');
  const columns = metadata?.texts('ITEMS', kMaxColumns, kColumn);
  return defined({
    context: body.map('context', kMaxContext, kContextKey, kValue),
    metadataColumns: columns && { ITEMS: columns },
    ...filterOf(body),
  });
}

function filterOf(body: WireReader): Pick<WireListOptions, 'filterName' | 'filterValues'> {
  return defined({
    filterName: nameIn(body, 'filterArn', 'filter'),
    filterValues: body.map('filterValues', kMaxFilterValues, kFilterKey, kValue),
  });
}

function promotions(body: WireReader): WireListOptions['promotions'] {
  return body.objects('promotions', 1)?.map((one) => ({
    name: one.requiredText('name', kPromotionName),
    percentPromotedItems: one.count('percentPromotedItems', 1, 100) ?? missing('promotions[0].percentPromotedItems'),
    ...filterOf(one),
  }));
}

function eventsOf(body: WireReader): { events?: NewEvent[] } {
  const events = body.objects('events', kMaxEvents)?.map((event) => ({
    itemId: event.requiredText('itemId', kId),
    ...defined({
      eventType: event.text('eventType', kId),
      timestamp: event.number('timestamp'),
      eventValue: event.number('eventValue'),
    }),
  }));
  return defined({ events });
}

function missing(name: string): never {
  throw invalidInput(`${name} is missing`);
}

/** The object without its undefined members. */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
