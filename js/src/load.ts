// The one file that knows how attune.wasm and bundles are loaded. What differs between hosts is
// passed in by index.ts, node.ts, workerd.ts and inline.ts.
import { Engine } from './abi.js';
import { bytesOf, checkCount, checkOptions, invalid, show } from './check.js';
import { compile } from './compile.js';
import { AttuneError, messageOf, partOf } from './errors.js';
import { type Fill, fillFrom, type Opened, type Pending } from './filling.js';
import type { PublishedRecommender } from './published.js';
import { Recommender } from './recommender.js';
import type { BundleSource, LoadOptions, PublicKeys, WasmSource } from './types.js';

/** What a host has of its own. */
export interface Platform {
  /** Gets the package's attune.wasm. */
  defaultWasm(): WasmSource | PromiseLike<WasmSource>;
  /** Reads a string or URL that names a local file; undefined when it names something to fetch. */
  readFile?(source: string | URL): Promise<Uint8Array> | undefined;
  /** The same, to be read later. */
  fillFile?(source: string | URL): Fill | undefined;
  /** SHA-256 without a copy of the bytes, which WebCrypto takes. */
  digest?(bytes: Uint8Array): Promise<Uint8Array>;
}

/**
 * Loads a bundle. Errors: `NETWORK`, `FILE_UNREADABLE`, `ABORTED`, `WASM_UNAVAILABLE`,
 * `INVALID_ARGUMENT` and those of the bundle (`NOT_A_BUNDLE`, `UNSUPPORTED_VERSION`,
 * `CORRUPT_BUNDLE`, `OUT_OF_MEMORY`).
 */
export interface Load {
  /**
   * Loads a manifest and the bundle it names. Errors, beside those of a bundle: `BAD_MANIFEST`,
   * `BAD_SIGNATURE`, `WRONG_DATASET`, `ROLLBACK`, `EXPIRED`, `HASH_MISMATCH`, `UNSUPPORTED_VERSION`.
   */
  (source: BundleSource, options: LoadOptions & { publicKeys: PublicKeys }): Promise<PublishedRecommender>;
  (source: BundleSource, options?: LoadOptions): Promise<Recommender>;
}

export function makeLoad(platform: Platform): Load {
  const loader = new Loader(platform);
  return ((source, options) => loader.load(source, options)) as Load;
}

interface Modules<K> {
  get(key: K): Promise<WebAssembly.Module> | undefined;
  set(key: K, module: Promise<WebAssembly.Module>): unknown;
  delete(key: K): boolean;
}

class Loader {
  readonly #platform: Platform;
  /** Compiled modules by where they came from: a URL, an object or, by default, the platform. */
  readonly #byUrl = new Map<string, Promise<WebAssembly.Module>>();
  readonly #byObject = new WeakMap<object, Promise<WebAssembly.Module>>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async load(source: BundleSource, options?: LoadOptions): Promise<Recommender> {
    const published =
      options?.publicKeys === undefined ? undefined : await partOf(import('./published.js'));
    const checked = checkOptions('load', options, [
      'wasm',
      'signal',
      'store',
      'maxEvents',
      'filterLanguage',
      ...(published?.kManifestOptions ?? []),
    ]);
    const { wasm, signal, store, maxEvents, filterLanguage } = checked;
    if (filterLanguage !== undefined && !['extended', 'compatible'].includes(filterLanguage)) {
      throw invalid(`filterLanguage: ${show(filterLanguage)} is neither "extended" nor "compatible"`);
    }
    if (maxEvents !== undefined) checkCount('maxEvents', maxEvents, 1);
    throwIfAborted(signal);
    // At once, because a manifest comes before its bundle is known; open() tells what is wrong with it.
    const compiled = this.#module(wasm);
    compiled.catch(() => {});
    const open = async (bundle: Opened | Promise<Opened>, pending?: Pending) => {
      const [module, bytes] = await Promise.all([compiled, bundle]);
      const instance = await instantiate(module);
      throwIfAborted(signal);
      return Engine.open(instance, bytes, pending);
    };
    try {
      const host = { ...this.#platform, open };
      if (published) return await published.loadPublished(source, checked, host);
      const engine = await open(this.#bundle(source, signal));
      return new Recommender({ engine, store, maxEvents, filterLanguage });
    } catch (error) {
      throwIfAborted(signal);
      throw error;
    }
  }

  async #bundle(source: BundleSource, signal: AbortSignal | undefined): Promise<Opened> {
    const file = isUrl(source) && this.#platform.fillFile?.(source);
    if (file) return file;
    const opened = await this.#open('bundle', source, signal);
    return opened instanceof Uint8Array ? opened : fillFrom(opened);
  }

  async #module(given: LoadOptions['wasm']): Promise<WebAssembly.Module> {
    if (given === undefined) {
      return this.#cached(this.#byObject, this.#platform, () => this.#platform.defaultWasm());
    }
    const source = await given;
    if (source === null || !['string', 'object'].includes(typeof source))
      throw noSource('attune.wasm', source);
    return isUrl(source)
      ? this.#cached(this.#byUrl, String(source), () => source)
      : this.#cached(this.#byObject, source, () => source);
  }

  #cached<K>(
    modules: Modules<K>,
    key: K,
    find: () => WasmSource | PromiseLike<WasmSource>,
  ): Promise<WebAssembly.Module> {
    const known = modules.get(key);
    if (known) return known;
    const module = this.#compile(find).catch((error: unknown) => {
      modules.delete(key);
      throw error;
    });
    modules.set(key, module);
    return module;
  }

  async #compile(find: () => WasmSource | PromiseLike<WasmSource>): Promise<WebAssembly.Module> {
    try {
      const source = await find();
      if (isModule(source)) return source;
      return await compile(await this.#open('attune.wasm', source));
    } catch (cause) {
      if (cause instanceof AttuneError && cause.code === 'INVALID_ARGUMENT') throw cause;
      throw unavailable(cause);
    }
  }

  /** The bytes of a source, or the successful response that brings them. */
  async #open(what: string, source: unknown, signal?: AbortSignal): Promise<Uint8Array | Response> {
    const url = isUrl(source);
    const bytes = bytesOf(source) ?? (url && (await this.#platform.readFile?.(source)));
    if (bytes) return bytes;
    if (!url && !isRequest(source) && !isResponse(source)) {
      throw noSource(what, source);
    }
    const response = isResponse(source) ? source : await fetchSource(what, source, signal);
    if (response.ok) return response;
    const from = response.url ? ` from ${response.url}` : '';
    throw new AttuneError(
      'NETWORK',
      `${what}: the answer${from} is ${response.status}, not a file`,
    );
  }
}

async function instantiate(module: WebAssembly.Module): Promise<WebAssembly.Instance> {
  try {
    return await WebAssembly.instantiate(module, {});
  } catch (cause) {
    throw unavailable(cause);
  }
}

function noSource(what: string, source: unknown): AttuneError {
  return invalid(`load: ${show(source)} is no source of ${what}`);
}

function unavailable(cause: unknown): AttuneError {
  return new AttuneError('WASM_UNAVAILABLE', `attune.wasm cannot be had: ${messageOf(cause)}`, {
    cause,
  });
}

async function fetchSource(
  what: string,
  source: string | URL | Request,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(source, signal ? { signal } : {});
  } catch (cause) {
    const url = isRequest(source) ? source.url : source;
    throw new AttuneError('NETWORK', `${what}: cannot fetch ${url}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new AttuneError('ABORTED', 'loading was aborted', { cause: signal.reason });
}

function isUrl(source: unknown): source is string | URL {
  return typeof source === 'string' || source instanceof URL;
}

function isModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === '[object WebAssembly.Module]';
}

/** By its shape, because there are several implementations of fetch. */
function isResponse(value: unknown): value is Response {
  const response = value as Partial<Response> | null | undefined;
  return typeof response?.arrayBuffer === 'function' && typeof response.status === 'number';
}

function isRequest(value: unknown): value is Request {
  return typeof Request === 'function' && value instanceof Request;
}
