// What every entry point exports beside its `load`.
export { AttuneError } from './errors.js';
export { indexedDbStore, memoryStore } from './store.js';
export type { ErrorCode, LocalErrorCode } from './errors.js';
export type { Load } from './load.js';
export type { PublishedRecommender } from './published.js';
export type { Recommender } from './recommender.js';
export type { Session } from './session.js';
export type { HistoryStore } from './store.js';
export type * from './types.js';
