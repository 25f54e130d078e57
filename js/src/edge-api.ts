// What every entry of attune/edge exports beside its createHandler.
export { AttuneError } from './errors.js';
export { durableObjectStore, HistoryObject, kvStore, memoryEdgeStore } from './edge-stores.js';
export type { CdnFacts, DeviceClass } from './edge-context.js';
export type { KvNamespace, ObjectNamespace, ObjectState } from './edge-stores.js';
export type * from './edge-types.js';
