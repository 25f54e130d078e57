// The worker's side of attune/worker: does the calls one after the other, and answers.
import { invalid, show } from './check.js';
import { AttuneError } from './errors.js';
import type { Load } from './load.js';
import type { PublishedRecommender } from './published.js';
import type { Recommender } from './recommender.js';
import type { Session } from './session.js';
import type { BundleSource, LoadOptions } from './types.js';
import {
  factsOf,
  kPublishedMethods,
  kRecommenderMethods,
  kSessionMethods,
  plainError,
  type PlainError,
  type PublishedMethod,
  type WorkerCall,
  type WorkerEnd,
  type WorkerReply,
} from './worker-methods.js';

type Method = (host: WorkerHost, call: WorkerCall) => unknown;

/** Methods of recommenders and sessions by their names, and no others. */
const kMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['load', (host, { values: [source, options] }) => host.load(source as BundleSource, options as LoadOptions)],
  ['session', (host, { session, values: [options] }) => host.openSession(session!, options as never)],
  ['ready', (host, { session }) => host.session(session).ready],
  ['storageError', (host, { session }) => plainOrNothing(host.session(session).storageError)],
  ['history', (host, { session }) => host.session(session).history],
  ...kSessionMethods.map((name): [string, Method] => [name, (host, call) => host.callSession(name, call)]),
  ...kRecommenderMethods.map((name): [string, Method] => [name, (host, call) => host.callRecommender(name, call)]),
  ...kPublishedMethods.map((name): [string, Method] => [name, (host) => host.callPublished(name)]),
]);

/** Answers the calls that come to this end, with the load() of its host. */
export function serve(end: WorkerEnd, load: Load): void {
  const host = new WorkerHost(end, load);
  // Calls wait for those before them only as far as these are not yet begun: load is the first.
  let begun: Promise<unknown> = Promise.resolve();
  end.addEventListener('message', ({ data }) => {
    const call = data as WorkerCall;
    const done = begun.then(() => {
      const method = kMethods.get(call.method);
      if (!method) throw invalid(`worker: there is no method ${show(call.method)}`);
      return method(host, call);
    });
    if (call.method === 'load') begun = done.catch(() => {});
    done.then(
      (value) => host.reply({ id: call.id, value }),
      (error: unknown) => host.reply({ id: call.id, error: plainError(error) }),
    );
  });
  end.start?.();
}

class WorkerHost {
  readonly #end: WorkerEnd;
  readonly #load: Load;
  #recommender: Recommender | PublishedRecommender | undefined;
  /** Sessions by the caller's numbers, or why one could not be opened. */
  readonly #sessions = new Map<number, Session | AttuneError>();

  constructor(end: WorkerEnd, load: Load) {
    this.#end = end;
    this.#load = load;
  }

  async load(source: BundleSource, options: LoadOptions): Promise<unknown> {
    if (this.#recommender) throw invalid('worker: it has a bundle already');
    const follows = options.publicKeys !== undefined;
    const recommender = await this.#load(source, {
      ...options,
      ...(follows && { onUpdate: ({ error, ...outcome }) => this.#news({ ...outcome, ...(error && { error: plainError(error) }) }) }),
    });
    this.#recommender = recommender;
    return factsOf(recommender);
  }

  openSession(number: number, options: Parameters<Recommender['session']>[0]): void {
    try {
      this.#sessions.set(number, this.#live.session(options));
    } catch (error) {
      this.#sessions.set(number, error as AttuneError);
      throw error;
    }
  }

  session(number: number | undefined): Session {
    const session = this.#sessions.get(number!);
    if (session === undefined) throw new AttuneError('DISPOSED', 'this session was disposed of');
    if (session instanceof Error) throw session;
    return session;
  }

  callSession(name: (typeof kSessionMethods)[number], { session: number, values }: WorkerCall): unknown {
    const session = this.session(number) as unknown as Record<string, (...values: unknown[]) => unknown>;
    const value = session[name]!(...values);
    if (name === 'dispose') this.#sessions.delete(number!);
    return value;
  }

  callRecommender(name: (typeof kRecommenderMethods)[number], { values: [first, second], session }: WorkerCall): unknown {
    const recommender = this.#live;
    if (name === 'itemIds') return [...recommender.itemIds()];
    if (name === 'checkFilter') return plainOrNothing(recommender.checkFilter(first as string));
    if (name === 'similarItems') {
      const options = { ...(second as object), ...(session !== undefined && { session: this.session(session) }) };
      return recommender.similarItems(first as string, options);
    }
    return name === 'has' ? recommender.has(first as string) : recommender.item(first as string, second as string[]);
  }

  async callPublished(name: PublishedMethod): Promise<unknown> {
    const published = this.#live as PublishedRecommender;
    if (!published[name]) throw invalid(`${name}: the bundle came without a manifest`);
    const value = await published[name]();
    return { value, facts: factsOf(published) };
  }

  /** Bytes go without being copied. */
  reply(reply: WorkerReply): void {
    const value = 'value' in reply ? reply.value : undefined;
    this.#end.postMessage(reply, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []);
  }

  #news(update: Extract<WorkerReply, { update: unknown }>['update']): void {
    if (this.#recommender) this.reply({ update, facts: factsOf(this.#recommender) });
  }

  get #live(): Recommender | PublishedRecommender {
    if (!this.#recommender) throw new AttuneError('DISPOSED', 'the worker has no bundle: load() failed');
    return this.#recommender;
  }
}

function plainOrNothing(error: AttuneError | undefined): PlainError | undefined {
  return error && plainError(error);
}
