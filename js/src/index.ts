// Entry for browsers and bundlers: attune.wasm is fetched from beside this file.
import { type Load, makeLoad } from './load.js';

export * from './api.js';

export const load: Load = /* @__PURE__ */ makeLoad({
  defaultWasm: () => new URL('./attune.wasm', import.meta.url),
});
