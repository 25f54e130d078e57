// Entry that carries attune.wasm in itself, for bundlers that do not copy files.
import { type Load, makeLoad } from './load.js';
import base64 from './wasm-base64.js';

export * from './api.js';

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({
  defaultWasm: () => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
});
