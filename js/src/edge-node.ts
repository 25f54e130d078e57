// attune/edge for Node, Deno and Bun.
import { makeCreateHandler } from './edge-handler.js';
import { load } from './node.js';

export * from './edge-api.js';

export const createHandler = /* @__PURE__ */ makeCreateHandler(load);
