// The one file that knows how wasm is compiled.

/** A module from its bytes or the successful response that brings them. */
export async function compile(source: Uint8Array | Response): Promise<WebAssembly.Module> {
  if (source instanceof Uint8Array) return WebAssembly.compile(source as BufferSource);
  // Streaming refuses other types; static hosts that do not know .wasm still work.
  if (isWasmType(source)) return WebAssembly.compileStreaming(source);
  return WebAssembly.compile(await source.arrayBuffer());
}

function isWasmType({ headers }: Response): boolean {
  return /^application\/wasm\b/.test(headers.get('content-type') ?? '');
}
