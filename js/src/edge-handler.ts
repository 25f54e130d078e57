// createHandler: Personalize's runtime and events APIs as a function from Request to Response.
import { checkCount, checkOptions, invalid } from './check.js';
import { readBody, textOf } from './edge-body.js';
import { EdgeCampaigns } from './edge-campaigns.js';
import { Collector, refuseRecords } from './edge-collector.js';
import { CdnFacts } from './edge-context.js';
import { SignedCookie } from './edge-cookie.js';
import { Origins } from './edge-cors.js';
import { cacheHeaders, getForm, isUnchanged } from './edge-get.js';
import { CookieHistories, type Histories, StoredHistories } from './edge-history.js';
import { memoryEdgeStore } from './edge-stores.js';
import type { EdgeContext, EdgeHandler, EdgeOptions, MaxAges } from './edge-types.js';
import type { Load } from './load.js';
import type { Recommender } from './recommender.js';
import { withHistory } from './saved-history.js';
import type { Session } from './session.js';
import { verifySignature } from './sigv4.js';
import type { NewEvent } from './types.js';
import { admitted, answerPost, kWirePaths, replying, type WireHost, type WireReply } from './wire.js';
import { WireError } from './wire-error.js';

const kMaxEvents = 200;
const kMaxCookieEvents = 50;
const kOptions: readonly (keyof EdgeOptions)[] = [
  ...(['bundle', 'wasm', 'load', 'updateSeconds', 'filters', 'defaults', 'actions'] as const),
  ...(['campaigns', 'basePath', 'store', 'cookie', 'maxEvents', 'context', 'collector'] as const),
  ...(['maxAgeSeconds', 'credentials', 'origins', 'admit', 'onError'] as const),
];

/** What createHandler makes of its options once, for all requests. */
interface Parts {
  options: EdgeOptions;
  campaigns: EdgeCampaigns;
  collector: Collector | undefined;
  cookie: SignedCookie | undefined;
  stored: Histories;
  origins: Origins;
  basePath: string;
  maxEvents: number;
  maxAges: MaxAges;
  onError: (error: unknown) => void;
}

/** Makes a createHandler with the load() of a host. Errors of the options: `INVALID_ARGUMENT`. */
export function makeCreateHandler(load: Load): (options: EdgeOptions) => EdgeHandler {
  return (given) => {
    const options = checkOptions('createHandler', given, kOptions);
    const { basePath = '', cookie, store, origins, collector } = options;
    if (cookie && store) throw invalid('createHandler: histories are kept in a cookie or in a store, not in both');
    if (cookie && origins === '*') throw invalid('origins: with cookies the origins must be named');
    if (!/^(\/[^/?#]+)*$/.test(basePath)) throw invalid(`basePath: ${basePath} must begin with / and not end with it`);
    const maxEvents = checkCount('maxEvents', options.maxEvents ?? (cookie ? kMaxCookieEvents : kMaxEvents), 1);
    const parts: Parts = {
      options,
      campaigns: new EdgeCampaigns(load, options),
      collector: collector === undefined ? undefined : new Collector(collector),
      cookie: cookie && new SignedCookie(cookie),
      stored: new StoredHistories(store ?? memoryEdgeStore(), maxEvents),
      origins: new Origins(origins),
      basePath,
      maxEvents,
      maxAges: checkOptions('maxAgeSeconds', options.maxAgeSeconds, ['recommend', 'related', 'rank']),
      onError: options.onError ?? ((error) => console.error('attune:', error)),
    };
    return (request, context) => new Call(parts, request, context ?? {}).answer();
  };
}

/** One request. */
class Call implements WireHost {
  readonly #parts: Parts;
  readonly #request: Request;
  readonly #url: URL;
  readonly #histories: Histories;
  readonly #facts: CdnFacts;
  readonly #waitUntil: (work: Promise<unknown>) => void;
  /** Whether the answer is of the cookie. */
  #usedCookie = false;

  constructor(parts: Parts, request: Request, context: EdgeContext) {
    const { cookie, stored, maxEvents, onError } = parts;
    this.#parts = parts;
    this.#request = request;
    this.#url = new URL(request.url);
    this.#histories = cookie ? new CookieHistories(cookie, request, maxEvents) : stored;
    this.#facts = new CdnFacts(request);
    this.#waitUntil = (work) => {
      const quiet = work.catch(onError);
      context.waitUntil?.(quiet);
    };
  }

  async answer(): Promise<Response> {
    const { origins } = this.#parts;
    if (this.#request.method === 'OPTIONS') return origins.preflight(this.#request);
    const path = this.#path();
    const isRead = this.#request.method === 'GET' || this.#request.method === 'HEAD';
    const form = path !== undefined && isRead ? getForm(path, this.#url.searchParams, this.#parts.campaigns.firstName) : undefined;
    if (form) return this.#answerGet(form);
    const reply = await replying(this, async () => this.#refused(path));
    return this.#response(path !== undefined && reply.status === 200 ? await this.#post(path) : reply);
  }

  campaign(name: string) {
    return this.#parts.campaigns.open(name, this.#waitUntil);
  }

  async withSession<T>(
    recommender: Recommender,
    userId: string | undefined,
    events: readonly NewEvent[] | undefined,
    use: (session: Session) => T,
  ): Promise<T> {
    const bytes = userId === undefined || events ? undefined : await this.#history(userId);
    return withHistory(recommender, bytes, Math.max(this.#parts.maxEvents, events?.length ?? 0), (session) => {
      for (const event of events ?? []) session.record(event);
      return use(session);
    });
  }

  async record(userId: string, toEvents: (recommender: Recommender) => NewEvent[]): Promise<void> {
    const { recommender } = await this.campaign(this.#parts.campaigns.firstName);
    const events = toEvents(recommender);
    if (!events.length) return;
    try {
      await this.#histories.add(userId, recommender, events);
    } catch (cause) {
      // The collector has them all the same.
      if (this.#parts.collector) return this.#parts.onError(cause);
      throw new WireError(503, 'ServiceUnavailableException', 'the history cannot be stored at the moment', cause);
    }
  }

  async forward(path: string, body: string): Promise<void> {
    const { collector } = this.#parts;
    if (!collector) return refuseRecords(path);
    return collector.send(path, body, this.#request, this.#waitUntil);
  }

  async admit(operation: string): Promise<boolean> {
    return (await this.#parts.options.admit?.(operation, this.#request)) ?? true;
  }

  context() {
    return this.#parts.options.context?.(this.#facts, this.#request);
  }

  onError(error: unknown): void {
    this.#parts.onError(error);
  }

  /** Without what comes before; undefined when that is not there. */
  #path(): string | undefined {
    const { basePath } = this.#parts;
    const { pathname } = this.#url;
    return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : undefined;
  }

  /** A history that cannot be had is none: lists do not fail because a store does. */
  async #history(userId: string): Promise<Uint8Array | undefined> {
    this.#usedCookie = true;
    try {
      return await this.#histories.load(userId);
    } catch (error) {
      this.#parts.onError(error);
      return undefined;
    }
  }

  /** Throws when the request cannot be one of the POST forms. */
  #refused(path: string | undefined): object {
    const { method, headers } = this.#request;
    const isKnown = path !== undefined && kWirePaths.includes(path);
    if (!isKnown) {
      throw new WireError(404, 'UnknownOperationException', `there is nothing at ${method} ${this.#url.pathname}`);
    }
    if (method !== 'POST') throw new WireError(405, 'MethodNotAllowedException', `${path} takes POST only`);
    // Pages of other sites can send other types without being asked whether they may.
    if (!/^application\/(json|x-amz-json-1\.[01])\s*(;|$)/i.test(headers.get('content-type') ?? '')) {
      throw new WireError(415, 'UnsupportedMediaTypeException', 'the content type must be application/json');
    }
    return {};
  }

  async #post(path: string): Promise<WireReply> {
    let text = '';
    const read = await replying(this, async () => {
      const body = await readBody(this.#request);
      await this.#verify(body);
      text = textOf(body);
      return {};
    });
    return read.status === 200 ? answerPost(this, path, text) : read;
  }

  async #answerGet(form: NonNullable<ReturnType<typeof getForm>>): Promise<Response> {
    const reply = await replying(this, async () => {
      await this.#verify(new Uint8Array());
      await admitted(this, form.operation);
      return form.run(this);
    });
    if (reply.status !== 200) return this.#response(reply);
    const isPublic = form.kind === 'related' && !this.#parts.options.credentials;
    const caching = await cacheHeaders(reply.body, form.kind, this.#parts.maxAges, isPublic);
    const headers = { ...reply.headers, ...caching };
    if (isUnchanged(this.#request, caching['etag']!)) return this.#response({ status: 304, headers, body: '' });
    return this.#response({ ...reply, headers });
  }

  async #verify(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const { credentials } = this.#parts.options;
    if (credentials) await verifySignature(this.#request, this.#url, body, credentials);
  }

  #response({ status, headers, body }: WireReply): Response {
    const { origins, cookie } = this.#parts;
    const all = new Headers({ ...headers, ...origins.headers(this.#request) });
    if (!all.has('cache-control')) all.set('cache-control', 'no-store');
    for (const name of [...this.#facts.asked, ...(cookie && this.#usedCookie ? ['cookie'] : [])]) all.append('vary', name);
    if (this.#histories instanceof CookieHistories && this.#histories.setCookie && status === 200) {
      all.append('set-cookie', this.#histories.setCookie);
    }
    if (status === 405) all.set('allow', 'POST');
    const hasBody = status !== 304 && this.#request.method !== 'HEAD';
    return new Response(hasBody ? body : null, { status, headers: all });
  }
}
