/// <reference lib="esnext.disposable" preserve="true" />
import type { HistoryStore } from './store.js';

/** Bytes in memory; a view is read from its own offset and length. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Where a bundle comes from. In Node, Deno and Bun a string may also be a file's path. */
export type BundleSource = string | URL | Request | Response | Bytes;

/** Where attune.wasm comes from, if not from the package itself. */
export type WasmSource = string | URL | Response | Bytes | WebAssembly.Module;

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
}

/**
 * Values by the name of their column, in any case: texts (several categories joined by `|`),
 * numbers or booleans; null is no value. What the model does not know contributes nothing.
 */
export type Values = Readonly<Record<string, string | number | boolean | null | undefined>>;

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
}

/** An event of a history. */
export interface HistoryEvent {
  readonly itemId: string;
  readonly eventType: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly eventValue?: number;
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

export type FilterValue = string | number | boolean;

/** Attune's filters, or exactly those that Amazon Personalize takes. */
export type FilterLanguage = 'extended' | 'compatible';

export interface RankingOptions {
  /** Item ids in any number; a repeated one counts once. */
  inputList: readonly string[];
  /** The circumstances of the request, such as `{ DEVICE: 'phone' }`. */
  context?: Values | undefined;
  metadataColumns?: MetadataColumns | undefined;
}

export interface ListOptions {
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
}

export interface RecommendationOptions extends ListOptions {
  /** The circumstances of the request, such as `{ DEVICE: 'phone' }`. */
  context?: Values | undefined;
}

export interface SimilarItemsOptions<S> extends ListOptions {
  /** Whose events a filter on interactions looks at; none. */
  session?: S | undefined;
}

/** Values as text: numbers in decimal, `true` or `false`, several categories joined by `|`. */
export type Metadata = Record<string, string>;

export interface Item {
  itemId: string;
  /** Columns that are null for the item are left out. */
  metadata: Metadata;
}

export interface RecommendedItem {
  itemId: string;
  score: number;
  /** Present when metadataColumns was given. */
  metadata?: Metadata;
}

export interface RankedItem {
  itemId: string;
  /** Absent when the bundle does not have the item. */
  score?: number;
  metadata?: Metadata;
}

export interface Recommendations {
  /** `RID-` and a UUID. */
  recommendationId: string;
  itemList: RecommendedItem[];
}

export interface PersonalizedRanking {
  recommendationId: string;
  personalizedRanking: RankedItem[];
}

export type ColumnType = 'categorical' | 'integer' | 'real' | 'boolean' | 'text';

/** A metadata column of the bundle: of its items, or of users or requests. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}
