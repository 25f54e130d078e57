// What may be asked of a recommender in a worker: a closed table, and what goes to and fro.
import { AttuneError } from './errors.js';
import type { PublishedRecommender } from './published.js';
import type { Recommender } from './recommender.js';
import type { Session } from './session.js';
import type { Column, LoadOptions, UpdateOutcome } from './types.js';

export const kRecommenderMethods = ['has', 'item', 'similarItems', 'checkFilter', 'itemIds'] as const;
/** Of a recommender with a manifest: after them other things may be known of the bundle. */
export const kPublishedMethods = ['update', 'loadMetadata'] as const;
export const kSessionMethods = [
  ...(['record', 'recordImpressions', 'setAttributes', 'getRecommendations', 'getPersonalizedRanking'] as const),
  ...(['clear', 'save', 'restore', 'flush', 'dispose'] as const),
] as const;

/** Options of load() that a worker can be told. */
export const kLoadOptions = [
  ...(['maxEvents', 'filterLanguage', 'publicKeys', 'dataset', 'pollSeconds', 'metadata', 'offline'] as const),
] as const satisfies readonly (keyof LoadOptions)[];

export type RecommenderMethod = (typeof kRecommenderMethods)[number];
export type PublishedMethod = (typeof kPublishedMethods)[number];
export type SessionMethod = (typeof kSessionMethods)[number];

/** A method that answers later. */
type Later<F> = F extends (...values: infer A) => infer R
  ? (...values: A) => Promise<R extends Iterable<string> & { next(): unknown } ? string[] : Awaited<R>>
  : never;

export type LaterRecommender = { [M in Exclude<RecommenderMethod, 'similarItems'>]: Later<Recommender[M]> };
export type LaterSession = { [M in SessionMethod]: Later<Session[M]> };

/** What is known of a recommender without asking it. */
export interface RecommenderFacts {
  readonly recipe: string;
  readonly itemCount: number;
  readonly columns: readonly Column[];
  readonly userColumns: readonly Column[];
  readonly contextColumns: readonly Column[];
  readonly filters: Readonly<Record<string, string>>;
  readonly provenance: Record<string, unknown>;
  /** Of the manifest, when there is one. */
  readonly version: number | undefined;
  readonly stale: boolean;
}

/** A call, in the order of calls. `session` is the caller's number of one; undefined: the recommender. */
export interface WorkerCall {
  id: number;
  method: RecommenderMethod | PublishedMethod | SessionMethod | 'load' | 'session' | 'ready' | 'history' | 'storageError';
  session?: number | undefined;
  values: readonly unknown[];
}

export interface PlainError {
  code: string;
  message: string;
  at: number | undefined;
}

/** An answer to a call, or news that nobody asked for. */
export type WorkerReply =
  | { id: number; value: unknown }
  | { id: number; error: PlainError }
  | { update: Omit<UpdateOutcome, 'error'> & { error?: PlainError }; facts: RecommenderFacts };

/** Either end of a worker: the worker as its owner has it, its own global scope, or a MessagePort. */
export interface WorkerEnd {
  /** As of a Worker. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** As of a Worker. */
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  /** Of a MessagePort. */
  start?(): void;
}

export function plainError(error: unknown): PlainError {
  if (error instanceof AttuneError) return { code: error.code, message: error.message, at: error.at };
  return { code: 'INTERNAL', message: String(error), at: undefined };
}

export function errorOf({ code, message, at }: PlainError): AttuneError {
  return new AttuneError(code, message, at === undefined ? {} : { at });
}

export function factsOf(recommender: Recommender | PublishedRecommender): RecommenderFacts {
  const { recipe, itemCount, columns, userColumns, contextColumns, filters, provenance } = recommender;
  const { version, stale = false } = recommender as Partial<PublishedRecommender>;
  // A copy with a prototype: a filter may be called as what every object inherits.
  return { recipe, itemCount, columns, userColumns, contextColumns, filters: { ...filters }, provenance, version, stale };
}
