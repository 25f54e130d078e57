// A list of recommendations that a part of a page shows: what attune/element and attune/react share. The parts
// of a page that name the same bundle share one recommender, and those of one user one session.
import { checkEvent } from './check.js';
import { AttuneError, messageOf } from './errors.js';
import { load } from './index.js';
import type { Recommender } from './recommender.js';
import type { Session } from './session.js';
import type { NewEvent, PublicKeys, RecommendationOptions, Recommendations, RecommendedItem } from './types.js';

/** The URL of a bundle or manifest, which is loaded once for all of the page, or an open recommender. */
export type ListSource = string | URL | Recommender;

/** What is to be listed, and for whom. */
export interface ListRequest extends RecommendationOptions {
  /** Key of the history on this device; without it the history is that of the page, in memory. */
  userId?: string | undefined;
  /** Lists the items most like this one, instead of those for the user. */
  similarTo?: string | undefined;
  /** Where attune.wasm is, if not beside the package's files. */
  wasm?: string | URL | undefined;
  /** The source is a signed manifest. */
  publicKeys?: PublicKeys | undefined;
  /** Whether the list is made anew when an event of its user is recorded, here or in another list. */
  live?: boolean | undefined;
}

/** What there is to show. */
export interface ListState {
  /** `ready` when `itemList`, which may be empty, answers the latest request. */
  readonly status: 'loading' | 'ready' | 'error';
  readonly itemList: readonly RecommendedItem[];
  readonly recommendationId?: string | undefined;
  readonly modelVersion?: number | undefined;
  /** Why there is no list; `itemList` is then the one before. */
  readonly error?: AttuneError | undefined;
}

interface SharedSession {
  session: Session;
  lists: Set<LiveList>;
}

interface OpenList extends SharedSession {
  recommender: Recommender;
}

const kNothing: ListState = { status: 'loading', itemList: [] };

/** Both last as long as the page, so that going back to a view loads nothing again. */
const recommenders = new Map<string, Promise<Recommender>>();
const sessions = new WeakMap<Recommender, Map<string | undefined, SharedSession>>();

function isUrl(source: ListSource): source is string | URL {
  return typeof source === 'string' || source instanceof URL;
}

/** What tells sources apart: equal URLs are one. */
export function sourceKey(source: ListSource | null | undefined): unknown {
  return source != null && isUrl(source) ? String(source) : source;
}

async function recommenderOf(source: ListSource, { wasm, publicKeys }: ListRequest): Promise<Recommender> {
  if (!isUrl(source)) return source;
  const key = JSON.stringify([String(source), wasm && String(wasm), publicKeys]);
  const known = recommenders.get(key);
  if (known) return known;
  const loaded = load(source, { wasm, ...(publicKeys && { publicKeys }) });
  recommenders.set(key, loaded);
  // What failed is tried again by the next who asks.
  loaded.catch(() => recommenders.delete(key));
  return loaded;
}

function sessionOf(recommender: Recommender, userId: string | undefined): SharedSession {
  const known = sessions.get(recommender) ?? new Map<string | undefined, SharedSession>();
  sessions.set(recommender, known);
  const shared = known.get(userId) ?? { session: recommender.session({ userId }), lists: new Set<LiveList>() };
  known.set(userId, shared);
  return shared;
}

/** One list and those who show it. What fails to be loaded or listed is the state's `error`, never thrown. */
export class LiveList {
  #state: ListState;
  #source: ListSource | undefined;
  #request: ListRequest = {};
  #open: OpenList | undefined;
  /** Counts openings, so that one that was overtaken changes nothing. */
  #turn = 0;
  /** Events recorded before there was a session. */
  #early: NewEvent[] = [];
  readonly #listeners = new Set<() => void>();

  /** `initial` is a list made elsewhere, such as on the server, and shown until there is one of this device. */
  constructor(initial?: Recommendations) {
    this.#state = initial ? { ...initial, status: 'ready' } : kNothing;
  }

  /** The same object as long as nothing changes. */
  readonly state = (): ListState => this.#state;

  /** Calls back after every change of the state; the function returned ends it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The open session, for attributes, a tracker or the history; undefined while loading. */
  get session(): Session | undefined {
    return this.#open?.session;
  }

  /** Lists what is asked for, from now on. */
  show(source: ListSource, request: ListRequest): void {
    const before = this.#request;
    const isOther = this.#source !== undefined &&
      (sourceKey(this.#source) !== sourceKey(source) || before.userId !== request.userId);
    this.#source = source;
    this.#request = request;
    // One user's list is never shown to another, nor one bundle's as another's.
    if (isOther) this.#set(kNothing);
    const isOpen = this.#open && !isOther && String(before.wasm) === String(request.wasm) &&
      String(before.publicKeys) === String(request.publicKeys);
    if (isOpen) this.#list();
    else void this.#reopen();
  }

  /** Lists again, after a failure too. */
  readonly refresh = (): void => {
    if (this.#open) this.#list();
    else if (this.#source !== undefined) void this.#reopen();
  };

  /** Remembers what the user did; before the bundle is there, until it is. Error: `INVALID_ARGUMENT`. */
  readonly record = (event: NewEvent): void => {
    const { recommendationId } = this.#state;
    const dated = { timestamp: new Date(), ...(recommendationId && { recommendationId }), ...event };
    if (this.#open) {
      this.#open.session.record(dated);
      this.#follow(this.#open);
    } else {
      checkEvent(dated, []);
      this.#early.push(dated);
    }
  };

  /** Follows nothing any more, until show(). */
  close(): void {
    this.#turn++;
    this.#open?.lists.delete(this);
    this.#open = undefined;
  }

  async #reopen(): Promise<void> {
    this.close();
    const turn = this.#turn;
    const request = this.#request;
    if (this.#state.status === 'error') this.#set({ ...this.#state, status: 'loading', error: undefined });
    try {
      const recommender = await recommenderOf(this.#source!, request);
      if (turn !== this.#turn) return;
      const shared = sessionOf(recommender, request.userId);
      await shared.session.ready;
      if (turn !== this.#turn) return;
      const early = this.#early.splice(0);
      for (const event of early) shared.session.record(event);
      if (early.length) this.#follow(shared);
      this.#open = { recommender, ...shared };
      shared.lists.add(this);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
      return;
    }
    this.#list();
  }

  /** Makes the lists anew that follow a session. */
  #follow({ lists }: SharedSession): void {
    for (const list of lists) if (list.#request.live) list.refresh();
  }

  #list(): void {
    const { recommender, session } = this.#open!;
    const { userId, similarTo, wasm, publicKeys, live, ...options } = this.#request;
    let answer;
    try {
      answer = similarTo === undefined
        ? session.getRecommendations(options)
        : recommender.similarItems(similarTo, { ...options, session });
    } catch (error) {
      return this.#fail(error);
    }
    this.#set({ ...answer, status: 'ready' });
  }

  #fail(cause: unknown): void {
    const error = cause instanceof AttuneError ? cause : new AttuneError('INTERNAL', messageOf(cause), { cause });
    this.#set({ ...this.#state, status: 'error', error });
  }

  #set(state: ListState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
