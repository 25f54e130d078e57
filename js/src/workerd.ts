// Entry for Cloudflare Workers and other edge hosts, which compile modules at deployment only.
import wasm from './attune.wasm';

import { type Load, makeLoad } from './load.js';

export * from './api.js';

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({ defaultWasm: () => wasm });

// A module's first instance costs most: this one is made before there is a request that waits for it, and thrown away.
if (wasm instanceof WebAssembly.Module) {
  (new WebAssembly.Instance(wasm, {}).exports['_initialize'] as (() => void) | undefined)?.();
}
