// Entry for browsers and bundlers: attune.wasm is fetched from beside this file.
import { type Load, makeLoad } from './load.js';

export * from './api.js';

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({
  defaultWasm: () => new URL('./attune.wasm', import.meta.url),
});
