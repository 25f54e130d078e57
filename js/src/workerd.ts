// Entry for Cloudflare Workers and other edge hosts, which compile modules at deployment only.
import wasm from './attune.wasm';

import { type Load, makeLoad } from './load.js';
import { beforeRequests, rehearse } from './rehearsal.js';

export * from './api.js';

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({ defaultWasm: () => wasm });

beforeRequests(wasm, () => rehearse(load));
