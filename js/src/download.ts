// How a manifest and the files beside it are had: over the network, or from the disk where a string
// may be a path.
import { invalid, show } from './check.js';
import { AttuneError, messageOf } from './errors.js';
import type { Platform } from './load.js';
import { fail } from './manifest.js';
import type { BundleSource } from './types.js';

const kMaxManifestBytes = 64 * 1024;
/** How long the network may say nothing. */
const kSilenceMs = 30_000;

export interface ManifestText {
  text: string;
  etag: string | undefined;
}

/** The answer of a server that is busy: when to come back, in seconds. */
export class NetworkError extends AttuneError {
  readonly retryAfter: number | undefined;

  constructor(message: string, { cause, retryAfter }: { cause?: unknown; retryAfter?: number } = {}) {
    super('NETWORK', message, { cause });
    this.retryAfter = retryAfter;
  }
}

/** How files are read where a string may be a path. */
export type Files = Pick<Platform, 'readFile' | 'fillFile'>;

/** Where a manifest lies, and its files beside it. */
export class Origin {
  /** Names the manifest among others on this device. */
  readonly name: string;
  /** Whether name is a URL that a page's cache may know. */
  readonly isUrl: boolean;
  readonly #source: string | URL | Request;
  readonly #files: Files | undefined;
  readonly #signal: AbortSignal;
  /** A response given instead of a source: the first manifest. */
  #given: Response | undefined;
  #base: string;

  constructor(source: BundleSource, files: Files, signal: AbortSignal) {
    this.#signal = signal;
    const given = isResponse(source) ? source : undefined;
    const place = given ? given.url : source;
    if (typeof place === 'string' ? place === '' : !(place instanceof URL || isRequest(place))) {
      throw invalid(`load: ${show(source)} has no URL; a manifest's files are found beside it`);
    }
    this.#given = given;
    this.#source = place as string | URL | Request;
    const isFile = !isRequest(place) && !/^https?:/i.test(absolute(place as string | URL));
    this.#files = isFile && files.readFile ? files : undefined;
    this.isUrl = !this.#files;
    this.name = isRequest(place) ? place.url : absolute(place as string | URL);
    this.#base = this.name;
  }

  /** The manifest's text; undefined: it is the one of `etag` still. */
  async manifest(etag: string | undefined): Promise<ManifestText | undefined> {
    if (this.#files) return { text: await this.#fileText(), etag: undefined };
    const given = this.#given;
    this.#given = undefined;
    const response = given ?? (await this.#fetch('manifest', this.#manifestRequest(etag)));
    if (response.status === 304) return undefined;
    checkOk('manifest', response);
    // Files are beside the place that it really came from.
    this.#base = response.url || this.name;
    const bytes = new Uint8Array(kMaxManifestBytes);
    const length = await this.#read('manifest', response, bytes);
    return {
      text: new TextDecoder().decode(bytes.subarray(0, length)),
      etag: response.headers.get('etag') ?? undefined,
    };
  }

  /**
   * Puts a file beside the manifest into `area` and returns how many bytes it has; one that has more is
   * an error. `again`: not from the browser's cache.
   */
  async file(name: string, area: Uint8Array, again = false): Promise<number> {
    if (this.#files) {
      return this.#files.fillFile!(this.#beside(name))!((bytes) => {
        if (bytes > area.length) throw tooLong(name, area.length);
        return area.subarray(0, bytes);
      });
    }
    const url = new URL(name, this.#base).href;
    const init: RequestInit = again ? { cache: 'reload' } : {};
    const template = isRequest(this.#source) ? this.#source : undefined;
    const response = await this.#fetch(name, new Request(template ? new Request(url, template) : url, init));
    checkOk(name, response);
    return this.#read(name, response, area);
  }

  async #fileText(): Promise<string> {
    const bytes = await this.#files!.readFile!(this.#source as string | URL);
    if (bytes!.length > kMaxManifestBytes) throw tooLong('manifest', kMaxManifestBytes);
    return new TextDecoder().decode(bytes);
  }

  #beside(name: string): string | URL {
    if (this.#source instanceof URL || /^file:/i.test(this.#source as string))
      return new URL(name, this.#source as string | URL);
    return (this.#source as string).replace(/[^/\\]*$/, name);
  }

  /** With If-None-Match, except across origins, where it would cost a request of its own. */
  #manifestRequest(etag: string | undefined): Request {
    const headers = new Headers(isRequest(this.#source) ? this.#source.headers : undefined);
    const page = globalThis.location?.origin;
    const foreign = page !== undefined && new URL(this.name).origin !== page;
    const conditional = etag !== undefined && !foreign;
    if (conditional) headers.set('if-none-match', etag);
    // The header passes the browser's cache by itself. Outside of pages there is none, and Workers
    // refuse the option.
    const init: RequestInit = page === undefined || conditional ? {} : { cache: 'no-cache' };
    return new Request(this.#source, { ...init, headers });
  }

  async #fetch(what: string, request: Request): Promise<Response> {
    const silence = new Silence(this.#signal);
    try {
      return await fetch(request, { signal: silence.signal });
    } catch (cause) {
      const message = `${what}: cannot fetch ${request.url}: ${messageOf(cause)}`;
      throw new NetworkError(message, { cause });
    } finally {
      silence.end();
    }
  }

  /** Reads a body, and stops where it becomes longer than it may be. Returns its length. */
  async #read(what: string, response: Response, area: Uint8Array): Promise<number> {
    let length = 0;
    const reader = response.body?.getReader();
    const silence = new Silence(this.#signal, () => void reader?.cancel().catch(() => {}));
    try {
      while (reader) {
        const { done, value } = await reader.read();
        if (silence.signal.aborted) throw silence.signal.reason;
        if (done) break;
        silence.broken();
        if (length + value.length > area.length) throw tooLong(what, area.length);
        area.set(value, length);
        length += value.length;
      }
    } catch (cause) {
      void reader?.cancel().catch(() => {});
      if (cause instanceof AttuneError) throw cause;
      throw new NetworkError(`${what}: the response broke off: ${messageOf(cause)}`, { cause });
    } finally {
      silence.end();
    }
    return length;
  }
}

/** A signal that aborts with another one, or when nothing was heard for a while. */
class Silence {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #abort: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer: AbortSignal, onAbort?: () => void) {
    this.#outer = outer;
    this.#abort = () => this.#controller.abort(outer.reason);
    if (onAbort) this.signal.addEventListener('abort', onAbort);
    outer.addEventListener('abort', this.#abort);
    if (outer.aborted) this.#abort();
    this.broken();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something was heard. */
  broken(): void {
    clearTimeout(this.#timer);
    const error = new Error(`nothing came for ${kSilenceMs / 1000} seconds`);
    this.#timer = setTimeout(() => this.#controller.abort(error), kSilenceMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#abort);
  }
}

function checkOk(what: string, response: Response): void {
  if (response.ok) return;
  const message = `${what}: the answer from ${response.url} is ${response.status}, not a file`;
  const retryAfter = [429, 503].includes(response.status) ? secondsUntil(response) : undefined;
  void response.body?.cancel().catch(() => {});
  throw new NetworkError(message, retryAfter === undefined ? {} : { retryAfter });
}

/** Retry-After in seconds, which may be a date. */
function secondsUntil({ headers }: Response): number | undefined {
  const text = headers.get('retry-after') ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return seconds > 0 ? seconds : undefined;
}

function tooLong(what: string, most: number): AttuneError {
  const code = what === 'manifest' ? 'BAD_MANIFEST' : 'HASH_MISMATCH';
  return fail(code, `${what}: longer than the ${most} bytes it may have`);
}

/** The absolute URL where the host knows what a relative one is relative to. */
function absolute(source: string | URL): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  return base === undefined ? String(source) : new URL(source, base).href;
}

function isRequest(value: unknown): value is Request {
  return typeof Request === 'function' && value instanceof Request;
}

function isResponse(value: unknown): value is Response {
  const response = value as Partial<Response> | null | undefined;
  return typeof response?.arrayBuffer === 'function' && typeof response.status === 'number';
}
