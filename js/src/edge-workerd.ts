// attune/edge for Cloudflare Workers and hosts like it, where attune.wasm is imported.
import wasm from './attune.wasm';

import { makeCreateHandler } from './edge-handler.js';
import { rehearseRequest } from './edge-rehearsal.js';
import { beforeRequests } from './rehearsal.js';
import { load } from './workerd.js';

export * from './edge-api.js';

/** A handler of requests with the paths of Amazon Personalize. Errors of the options: `INVALID_ARGUMENT`. */
export const createHandler = /* @__PURE__ */ makeCreateHandler(load);

beforeRequests(wasm, () => rehearseRequest(createHandler));
