import type { Recommender } from './recommender.js';
import type { HistoryStore } from './store.js';
import type { BundleSource, ControlOptions, LoadOptions, Values } from './types.js';
import type { CdnFacts } from './edge-context.js';

/** A bundle, one already open, or what gets one when the first request needs it. */
export type EdgeBundle =
  | BundleSource
  | Recommender
  | (() => BundleSource | Recommender | Promise<BundleSource | Recommender>);

/** What one name of a campaign or recommender answers with. */
export interface EdgeCampaign {
  bundle: EdgeBundle;
  /** attune.wasm, if not from the package itself. */
  wasm?: LoadOptions['wasm'];
  /** Further options of load(), such as publicKeys for a manifest. */
  load?: Omit<LoadOptions, 'wasm' | 'signal' | 'store'> | undefined;
  /** With a manifest: how often requests look for a new version, in `waitUntil`; 300. 0 is never. */
  updateSeconds?: number | undefined;
  /** Filter expressions by name, beside those of the bundle. */
  filters?: Readonly<Record<string, string>> | undefined;
  /** What lists are made with unless the request says otherwise. */
  defaults?: ControlOptions | undefined;
  /** The bundle's items are actions, for GetActionRecommendations. */
  actions?: boolean | undefined;
}

/** Keeps histories; `update` changes one so that of two changes at once none is lost. */
export interface EdgeStore extends HistoryStore {
  /** Replaces the bytes of a key by what `change` makes of them; it may run several times. */
  update?(key: string, change: (bytes: Uint8Array | undefined) => Uint8Array): Promise<void>;
}

/** Keeps a visitor's history in a cookie of theirs. */
export interface HistoryCookie {
  /** At least 16 characters. Of several the first signs, and what any of them signed is believed. */
  secret: string | readonly string[];
  /** `attune_history` */
  name?: string | undefined;
  /** 30 */
  maxAgeDays?: number | undefined;
}

/** The collector that events and records go to. */
export interface EdgeCollector {
  /** Where `attune serve` listens; `/events`, `/items` and so on are added. */
  url: string | URL;
  /** Such as that of a service binding; the global one. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** PutEvents is answered only when the collector has the events; false: it is told in `waitUntil`. */
  wait?: boolean | undefined;
}

/** Seconds for which answers to GET may be used again. */
export interface MaxAges {
  /** 30 */
  recommend?: number | undefined;
  /** 300 */
  related?: number | undefined;
  /** 30 */
  rank?: number | undefined;
}

/** What answers, for whom, and where histories and events are kept. */
export interface EdgeOptions extends Partial<EdgeCampaign> {
  /** By the names in campaignArn and recommenderArn; without it `bundle` answers for every name. */
  campaigns?: Readonly<Record<string, EdgeCampaign>> | undefined;
  /** What comes before the paths, such as `/api/personalize`. */
  basePath?: string | undefined;
  /** Where histories are kept by userId, or by sessionId of those without; in memory. */
  store?: EdgeStore | undefined;
  /** Keeps histories in signed cookies instead. */
  cookie?: HistoryCookie | undefined;
  /** Events of a history that are kept; 200, in a cookie 50 and as many as it holds. */
  maxEvents?: number | undefined;
  /** Adds columns to a request's context from what the network says of the visitor; the request's win. */
  context?: ((facts: CdnFacts, request: Request) => Values) | undefined;
  /** Where events go, and without which records of items and users are refused. */
  collector?: string | URL | EdgeCollector | undefined;
  maxAgeSeconds?: MaxAges | undefined;
  /** The secret of an access key, undefined for one that is not known; with it requests must be signed. */
  credentials?: ((accessKeyId: string) => string | undefined | Promise<string | undefined>) | undefined;
  /** Pages that may call from other origins, such as `https://shop.example`; or all, without cookies. */
  origins?: readonly string[] | '*' | undefined;
  /** Whether a request may go on; false is answered 429, which the AWS clients try again. */
  admit?: ((operation: string, request: Request) => boolean | Promise<boolean>) | undefined;
  /** Is told of failures that the caller is not told of in full; console.error. */
  onError?: ((error: unknown) => void) | undefined;
}

/** What hosts pass beside a request: Cloudflare's ctx. */
export interface EdgeContext {
  /** Keeps the host running until the work is done, after the answer. */
  waitUntil?(work: Promise<unknown>): void;
}

/** Answers a request; it never rejects, and errors have the shape of the service. */
export type EdgeHandler = (request: Request, context?: EdgeContext) => Promise<Response>;
