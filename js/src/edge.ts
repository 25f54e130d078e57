// attune/edge for hosts of which nothing else is known: attune.wasm is fetched from beside this file.
import { makeCreateHandler } from './edge-handler.js';
import { load } from './index.js';

export * from './edge-api.js';

/** A handler of requests with the paths of Amazon Personalize. Errors of the options: `INVALID_ARGUMENT`. */
export const createHandler = /* @__PURE__ */ makeCreateHandler(load);
