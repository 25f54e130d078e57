// The caller's side of attune/worker: calls become messages, answers become promises.
import { invalid, show } from './check.js';
import { makeDisposable } from './disposable.js';
import { AttuneError } from './errors.js';
import type { HistoryEvent, Recommendations, SessionOptions, SimilarItemsOptions, UpdateOutcome } from './types.js';
import {
  errorOf,
  kSessionMethods,
  type LaterRecommender,
  type LaterSession,
  type PlainError,
  type PublishedMethod,
  type RecommenderFacts,
  type WorkerCall,
  type WorkerEnd,
  type WorkerReply,
} from './worker-methods.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: AttuneError): void;
}

/** Sends calls through one end and hands out their answers. */
export class WorkerLine {
  /** Is told of what a recommender with a manifest finds. */
  onUpdate: ((outcome: UpdateOutcome, facts: RecommenderFacts) => void) | undefined;
  readonly #end: WorkerEnd;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #lastSession = 0;
  #closed: AttuneError | undefined;

  constructor(end: WorkerEnd) {
    this.#end = end;
    end.addEventListener('message', ({ data }) => this.#take(data as WorkerReply));
    end.start?.();
  }

  call(call: Omit<WorkerCall, 'id'>, transfer: Transferable[] = []): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#end.postMessage({ ...call, id }, transfer);
      } catch (cause) {
        this.#waiting.delete(id);
        reject(invalid(`${call.method}: cannot be sent to the worker: ${(cause as Error).message}`));
      }
    });
  }

  newSession(): number {
    return ++this.#lastSession;
  }

  /** Ends all calls, those under way too. */
  close(error: AttuneError): void {
    this.#closed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
  }

  #take(reply: WorkerReply): void {
    if ('update' in reply) {
      const { error, ...outcome } = reply.update;
      this.onUpdate?.({ ...outcome, ...(error && { error: errorOf(error) }) }, reply.facts);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(errorOf(reply.error));
    else waiting?.resolve(reply.value);
  }
}

export interface WorkerSession extends LaterSession {}

/** A Session in a worker: its methods, each answering later, in the order of the calls. */
export class WorkerSession {
  readonly userId: string | undefined;
  /** Resolves when the stored history has been taken in or could not be; rejects when it cannot be opened. */
  readonly ready: Promise<void>;
  readonly #line: WorkerLine;
  readonly #number: number;

  /** @internal */
  constructor(line: WorkerLine, options: SessionOptions) {
    this.#line = line;
    this.#number = line.newSession();
    this.userId = options.userId;
    this.ready = line
      .call({ method: 'session', session: this.#number, values: [options] })
      .then(() => line.call({ method: 'ready', session: this.#number, values: [] }))
      .then(() => undefined);
    // Each later call says what was wrong.
    this.ready.catch(() => {});
  }

  /** @internal */
  static number(session: WorkerSession, line: WorkerLine): number {
    if (!(session instanceof WorkerSession) || session.#line !== line) {
      throw invalid('session: not a session of this recommender');
    }
    return session.#number;
  }

  /** The events held, oldest first. */
  history(): Promise<readonly HistoryEvent[]> {
    return this.#line.call({ method: 'history', session: this.#number, values: [] }) as Promise<readonly HistoryEvent[]>;
  }

  /** Why storing last failed; undefined when all is well. */
  async storageError(): Promise<AttuneError | undefined> {
    const error = (await this.#line.call({ method: 'storageError', session: this.#number, values: [] })) as PlainError | undefined;
    return error && errorOf(error);
  }

  static {
    for (const method of kSessionMethods) {
      Object.defineProperty(WorkerSession.prototype, method, {
        value(this: WorkerSession, ...values: unknown[]) {
          return this.#line.call({ method, session: this.#number, values });
        },
        writable: true,
        configurable: true,
      });
    }
  }
}

/** A Recommender in a worker. What is known of the bundle is here; what must be computed answers later. */
export class WorkerRecommender implements LaterRecommender {
  /** What is known of the bundle: recipe, columns, filters, provenance, version. */
  facts: RecommenderFacts;
  /** As dispose(), for `using`. */
  declare [Symbol.dispose]: () => void;
  readonly #line: WorkerLine;
  readonly #end: () => void;

  /** @internal */
  constructor(line: WorkerLine, facts: RecommenderFacts, end: () => void) {
    this.#line = line;
    this.facts = facts;
    this.#end = end;
  }

  /** As `Recommender.session`, without a store of the page. */
  session(options: Omit<SessionOptions, 'store'> = {}): WorkerSession {
    if ((options as SessionOptions).store !== undefined) {
      throw invalid('session: a worker cannot have a store of the page; it keeps histories in IndexedDB');
    }
    return new WorkerSession(this.#line, options);
  }

  /** As `Recommender.has`. */
  has(itemId: string): Promise<boolean> {
    return this.#ask('has', itemId) as Promise<boolean>;
  }

  /** As `Recommender.item`. */
  item(...values: Parameters<LaterRecommender['item']>): ReturnType<LaterRecommender['item']> {
    return this.#ask('item', ...values) as ReturnType<LaterRecommender['item']>;
  }

  /** As `Recommender.itemIds`, as an array. */
  itemIds(): Promise<string[]> {
    return this.#ask('itemIds') as Promise<string[]>;
  }

  /** As `Recommender.similarItems`. */
  async similarItems(itemId: string, options: SimilarItemsOptions<WorkerSession> = {}): Promise<Recommendations> {
    const { session, ...rest } = options;
    const number = session && WorkerSession.number(session, this.#line);
    return (await this.#line.call({ method: 'similarItems', session: number, values: [itemId, rest] })) as Recommendations;
  }

  /** As `Recommender.checkFilter`. */
  async checkFilter(filter: string): Promise<AttuneError | undefined> {
    const error = (await this.#ask('checkFilter', filter)) as PlainError | undefined;
    return error && errorOf(error);
  }

  /** Looks for a new version, as the recommender of a manifest does. */
  update(): Promise<boolean> {
    return this.#askPublished('update') as Promise<boolean>;
  }

  /** With `metadata: 'later'`: as that of a recommender with a manifest; then `facts` has the columns, too. */
  loadMetadata(): Promise<void> {
    return this.#askPublished('loadMetadata') as Promise<void>;
  }

  /** Ends the worker. Calls under way and later ones reject with `DISPOSED`. */
  dispose(): void {
    this.#line.close(new AttuneError('DISPOSED', 'this recommender was disposed of'));
    this.#end();
  }

  async #askPublished(method: PublishedMethod): Promise<unknown> {
    const { value, facts } = (await this.#ask(method)) as { value: unknown; facts: RecommenderFacts };
    this.facts = facts;
    return value;
  }

  #ask(method: WorkerCall['method'], ...values: unknown[]): Promise<unknown> {
    return this.#line.call({ method, values });
  }
}

makeDisposable(WorkerRecommender);

/** Bytes to hand over, and what of them is not copied: a buffer that is used as a whole. */
export function handedOver(source: unknown): { source: unknown; transfer: Transferable[] } {
  if (source instanceof URL) return { source: source.href, transfer: [] };
  if (source instanceof ArrayBuffer) return { source, transfer: [source] };
  if (ArrayBuffer.isView(source) && source.buffer instanceof ArrayBuffer) {
    const isWhole = source.byteLength === source.buffer.byteLength;
    return { source, transfer: isWhole ? [source.buffer] : [] };
  }
  if (typeof source === 'string' || Object.prototype.toString.call(source) === '[object WebAssembly.Module]') {
    return { source, transfer: [] };
  }
  throw invalid(`load: ${show(source)} cannot be handed to a worker: give a URL, a Response, or bytes`);
}
