/// <reference lib="esnext.disposable" preserve="true" />
import type { AttuneError } from './errors.js';
import type { HistoryStore } from './store.js';

/** Bytes in memory; a view is read from its own offset and length. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Where a bundle comes from. In Node, Deno and Bun a string may also be a file's path. */
export type BundleSource = string | URL | Request | Response | Bytes;

/** Where attune.wasm comes from, if not from the package itself. */
export type WasmSource = string | URL | Response | Bytes | WebAssembly.Module;

/** Public keys as `attune keygen` writes them, one of which must have signed; `'none'` checks none. */
export type PublicKeys = readonly string[] | 'none';

/** How an attempt to update went. */
export interface UpdateOutcome {
  /** The version in use now. */
  version: number;
  /** Whether it is a new one. */
  updated: boolean;
  /** Why the attempt failed; the version in use stays. */
  error?: AttuneError;
}

/** How a bundle is loaded; each has a default. */
export interface LoadOptions {
  wasm?: WasmSource | PromiseLike<WasmSource> | undefined;
  /** Aborts the loading with code `ABORTED`. */
  signal?: AbortSignal | undefined;
  /** Where sessions with a `userId` keep their history: IndexedDB in a page, else memory. */
  store?: HistoryStore | undefined;
  /** Events a session holds, older ones are dropped; 1000. */
  maxEvents?: number | undefined;
  /** What filters may say; `extended`. */
  filterLanguage?: FilterLanguage | undefined;
  /** The source is a signed manifest; the options below are for manifests only. */
  publicKeys?: PublicKeys | undefined;
  /** What the manifest must say it is of; whatever it said when this device first loaded it. */
  dataset?: string | undefined;
  /** How often to look for a new version, 1 to 604800, on the average; only when update() is called. */
  pollSeconds?: number | undefined;
  /** Called after every attempt to update. */
  onUpdate?: ((outcome: UpdateOutcome) => void) | undefined;
  /** Where the highest version seen is kept: IndexedDB in a page, else memory. */
  versionStore?: HistoryStore | undefined;
  /**
   * `later`: the first lists need not wait for the items' metadata, where the publisher has put them
   * into files of their own; `now`. Until loadMetadata() has resolved, what needs them is `NOT_LOADED`.
   */
  metadata?: 'now' | 'later' | undefined;
  /** Whether a copy is kept for starts without a network, where there is a Cache API; true. */
  offline?: boolean | undefined;
}

/**
 * Values by the name of their column, in any case: texts (several categories joined by `|`),
 * numbers or booleans; null is no value. What the model does not know contributes nothing.
 */
export type Values = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Whose history a session has, and where it is kept. */
export interface SessionOptions {
  /** Key of the history in the store, 1 to 256 characters. Without it nothing is stored. */
  userId?: string | undefined;
  store?: HistoryStore | undefined;
  maxEvents?: number | undefined;
  /** What is known of the user, such as `{ AGE: 25 }`; never stored. See `setAttributes`. */
  attributes?: Values | undefined;
}

/** What a user did to an item. */
export interface NewEvent {
  /** 1 to 256 characters. */
  itemId: string;
  /** 1 to 256 characters; `'click'`. */
  eventType?: string | undefined;
  /** A Date, or seconds since 1970; now. */
  timestamp?: Date | number | undefined;
  eventValue?: number | undefined;
  /** The event's own columns, for filters on Interactions; null is no value. */
  context?: Values | undefined;
  /** What was shown when it happened: the list of this id, or these items, which win. */
  recommendationId?: string | undefined;
  impression?: readonly string[] | undefined;
}

/** An event of a history. */
export interface HistoryEvent {
  readonly itemId: string;
  readonly eventType: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly eventValue?: number;
  /** Texts by the names of columns; values of a categorical one joined by `|`. */
  readonly context?: Readonly<Record<string, string>>;
}

/** @internal Is told what a session records and lists; the tracker's way in. Must not throw. */
export interface SessionObserver {
  record(checked: HistoryEvent, event: NewEvent): void;
  items(recommendationId: string, items: readonly { itemId: string }[]): void;
}

/** Names of item columns to return with each item, as in Amazon Personalize. */
export interface MetadataColumns {
  ITEMS?: readonly string[] | undefined;
}

/**
 * Values by the names of placeholders. A string may hold several in Amazon Personalize's form,
 * `"Comedy","Drama"` with the quotes; an empty one, null and undefined are no value.
 */
export type FilterValues = Readonly<
  Record<string, FilterValue | readonly FilterValue[] | null | undefined>
>;

/** One value of a placeholder. */
export type FilterValue = string | number | boolean;

/** Attune's filters, or exactly those that Amazon Personalize takes. */
export type FilterLanguage = 'extended' | 'compatible';

/** What to rank, and for which request. */
export interface RankingOptions {
  /** Item ids in any number; a repeated one counts once. */
  inputList: readonly string[];
  /** The circumstances of the request, such as `{ DEVICE: 'phone' }`. */
  context?: Values | undefined;
  metadataColumns?: MetadataColumns | undefined;
  /** Leaves out what does not pass, items that the bundle does not have among them. */
  filter?: string | undefined;
  filterValues?: FilterValues | undefined;
  /** The time of the request, for filters, a Date or seconds since 1970; now. */
  timestamp?: Date | number | undefined;
}

/** Keeps a share of a list for items that a filter of its own lets pass. */
export interface Promotion {
  /** 1 to 150 characters; promoted items carry it. */
  name: string;
  /** 1 to 100; the nearest whole number of items, halves rounded up. */
  percentPromotedItems: number;
  /** Which items; all. The request's own filter is not asked of them. */
  filter?: string | undefined;
  filterValues?: FilterValues | undefined;
}

/** What a list is to be beside the best items. Scores stay the model's. */
export interface ControlOptions {
  /** At random places, in their order of rank; the others keep theirs. */
  promotions?: readonly Promotion[] | undefined;
  /** 0 to 1: how much an item loses by resembling those before it; true is 0.5. */
  diversity?: number | boolean | undefined;
  /** At most `count` items with one value of a categorical column. */
  maxPerValue?: { column: string; count: number } | undefined;
  /** 0 to 1: how much of an item's popularity is taken off; 0. */
  popularityDiscount?: number | undefined;
  /** 0 to 10: what an item of this moment gains, in logits; 0. */
  freshnessBoost?: number | undefined;
  /** Days after which half of it is left; 30. */
  freshnessDays?: number | undefined;
  /** 0 to 1: how boldly new items are tried; 0. Items then have a `propensity`. */
  explorationWeight?: number | undefined;
  /** Days for which an item is new, from its CREATION_TIMESTAMP; 30. */
  explorationItemAgeCutOff?: number | undefined;
  /** 0 to 2^32 - 1, whole. The same seed gives the same list; drawn anew. */
  seed?: number | undefined;
}

/** What any list may be asked for: how long, of which items, with which columns, when. */
export interface ListOptions extends ControlOptions {
  /** Items wanted, 0 or more; 25. There are fewer when the bundle or the filter has no more. */
  numResults?: number | undefined;
  /**
   * A filter expression, such as `EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")`, or the name
   * of one of the bundle's filters (`recommender.filters`).
   */
  filter?: string | undefined;
  /** The values of the filter's placeholders, such as `{ max: 20, GENRES: ['Comedy', 'Drama'] }`. */
  filterValues?: FilterValues | undefined;
  metadataColumns?: MetadataColumns | undefined;
  /** When the request happens, a Date or seconds since 1970; now. */
  timestamp?: Date | number | undefined;
  /** Whether every item is scored, where a large bundle's codes would choose which; false. */
  exact?: boolean | undefined;
}

/** What getRecommendations() takes: all of a list, the circumstances of the request, and reasons. */
export interface RecommendationOptions extends ListOptions {
  /** The circumstances of the request, such as `{ DEVICE: 'phone' }`. */
  context?: Values | undefined;
  /** Whether items say why they are listed: `because`. Costs a request for each of 10 past items. */
  explain?: boolean | undefined;
}

/** What similarItems() takes: all of a list, and whose events its filter may look at. */
export interface SimilarItemsOptions<S> extends ListOptions {
  /** Whose events a filter on interactions looks at; none. */
  session?: S | undefined;
}

/** Values as text: numbers in decimal, `true` or `false`, several categories joined by `|`. */
export type Metadata = Record<string, string>;

/** An item of the bundle with the metadata that was asked for. */
export interface Item {
  itemId: string;
  /** Columns that are null for the item are left out. */
  metadata: Metadata;
}

/** A past item and what it added to a score: of a sequence model, to its logit. */
export interface Contribution {
  itemId: string;
  contribution: number;
}

/** Why an item is listed; `events` are those that spoke for it, the strongest first, at most 3. */
export interface Because {
  kind: 'events' | 'popular' | 'promoted' | 'explored';
  events: Contribution[];
}

/** An item of a list, in its place. */
export interface RecommendedItem {
  itemId: string;
  score: number;
  /** Of a promoted item. */
  promotionName?: string;
  /** In Personalize's words: `Promoted item`, `Exploration`, `Popular item`. */
  reason?: string[];
  /**
   * With explorationWeight: the chance that just this item is at this place, given those before it.
   */
  propensity?: number;
  because?: Because;
  /** Present when metadataColumns was given. */
  metadata?: Metadata;
}

/** An item of a ranking, in its place. */
export interface RankedItem {
  itemId: string;
  /** Absent when the bundle does not have the item. */
  score?: number;
  metadata?: Metadata;
}

/** A list, the best item first, as Amazon Personalize answers. */
export interface Recommendations {
  /** `RID-` and a UUID. */
  recommendationId: string;
  /** Version of the manifest, when the bundle was loaded with one. */
  modelVersion?: number;
  itemList: RecommendedItem[];
}

/** Your own list in the order for this user. */
export interface PersonalizedRanking {
  recommendationId: string;
  modelVersion?: number;
  personalizedRanking: RankedItem[];
}

/** What values of a column are. */
export type ColumnType = 'categorical' | 'integer' | 'real' | 'boolean' | 'text';

/** A metadata column of the bundle: of its items, or of users or requests. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}
