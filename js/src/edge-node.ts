// attune/edge for Node, Deno and Bun.
import { makeCreateHandler } from './edge-handler.js';
import { load } from './node.js';

export * from './edge-api.js';

/** A handler of requests with the paths of Amazon Personalize. Errors of the options: `INVALID_ARGUMENT`. */
export const createHandler = /* @__PURE__ */ makeCreateHandler(load);
