import type { Engine } from './abi.js';
import { type Catalogue, kListOptions } from './catalogue.js';
import { bytesOf, checkEvent, checkOptions, checkText, invalid, show } from './check.js';
import { makeDisposable } from './disposable.js';
import { AttuneError } from './errors.js';
import { checkValues, type NamedTexts } from './query.js';
import type { HistoryStore } from './store.js';
import type {
  Bytes,
  HistoryEvent,
  NewEvent,
  PersonalizedRanking,
  RankedItem,
  RankingOptions,
  RecommendedItem,
  RecommendationOptions,
  Recommendations,
  SessionObserver,
  Values,
} from './types.js';
import { withinTime } from './within-time.js';

/** Lists whose items are remembered, and events a list names as its reasons. */
const kMaxLists = 50;
const kMaxReasons = 3;

/** Numbers of items; undefined for one that the bundle does not have. */
type Items = readonly (number | undefined)[];

/** What a session gets from its recommender. */
export interface SessionParts {
  /** Where it notes itself as long as it lives. */
  sessions: Set<Session>;
  engine: Engine;
  catalogue: Catalogue;
  attributes: NamedTexts;
  maxEvents: number;
  userId: string | undefined;
  store: HistoryStore | undefined;
}

/**
 * A user's history on the device and the lists made from it. Every call but the storing is
 * synchronous and never touches the network.
 */
export class Session {
  readonly userId: string | undefined;
  /** Resolves, never rejects, when the stored history has been taken in or could not be. */
  readonly ready: Promise<void>;

  /** As dispose(), for `using`. */
  declare [Symbol.dispose]: () => void;

  /** @internal */
  observer?: SessionObserver | undefined;

  #engine: Engine;
  #catalogue: Catalogue;
  #handle: number;
  readonly #maxEvents: number;
  readonly #sessions: Set<Session>;
  readonly #store: HistoryStore | undefined;
  #disposed = false;
  #history: readonly HistoryEvent[] | undefined;
  #storageError: AttuneError | undefined;
  /** Whether the stored history has been taken in, or needs not be. */
  #merged = false;
  #unsaved = false;
  #saving = false;
  #pending = 0;
  /** Items of the latest lists by recommendationId. */
  #lists = new Map<string, Items>();
  /** The latest lists that were shown. */
  #shown: Items[] = [];
  /** The texts of the attributes by lower-case name. */
  readonly #attributes = new Map<string, NamedTexts[number]>();
  #work: Promise<void> = Promise.resolve();

  /** @internal */
  constructor({ engine, sessions, catalogue, attributes, maxEvents, userId, store }: SessionParts) {
    this.#engine = engine;
    this.#catalogue = catalogue;
    this.#maxEvents = maxEvents;
    this.#handle = engine.openSession(maxEvents);
    this.#setAttributes(attributes);
    this.#sessions = sessions.add(this);
    this.userId = userId;
    this.#store = userId === undefined ? undefined : store;
    this.ready = this.#store ? this.#enqueue(() => this.#merge()) : Promise.resolve();
  }

  /** @internal The handle for a call of `engine`. */
  static handle(session: Session, engine: Engine): number {
    if (!(session instanceof Session) || session.#engine !== engine) {
      throw invalid('session: not a session of this recommender');
    }
    return session.#live.handle;
  }

  /**
   * @internal Opens the session in the engine of another bundle: its events, attributes and what was
   * shown. The function returned goes over to it and cannot fail.
   */
  static move(session: Session, engine: Engine, catalogue: Catalogue): () => void {
    const old = session.#engine;
    const handle = engine.openSession(session.#maxEvents);
    engine.restoreSession(handle, old.saveSession(session.#handle));
    const known = catalogue.userColumns.map(({ name }) => name.toLowerCase());
    const attributes = [...session.#attributes].filter(([name]) => known.includes(name));
    engine.setAttributes(handle, attributes.map(([, text]) => text));
    const move = (items: Items) =>
      items.map((item) => (item === undefined ? item : engine.findItem(old.itemId(item))));
    const lists = new Map([...session.#lists].map(([id, items]) => [id, move(items)]));
    const shown = session.#shown.map(move);
    for (const items of shown) engine.shown(handle, items);
    return () => {
      session.#engine = engine;
      session.#catalogue = catalogue;
      session.#handle = handle;
      session.#lists = lists;
      session.#shown = shown;
    };
  }

  /** The events held, oldest first. */
  get history(): readonly HistoryEvent[] {
    const { engine, handle } = this.#live;
    return (this.#history ??= readHistory(engine, handle));
  }

  /** Why storing last failed; undefined when all is well. The session itself goes on in memory. */
  get storageError(): AttuneError | undefined {
    return this.#storageError;
  }

  /** Remembers an event; the very next list knows it. Returns whether the bundle has the item. */
  record(event: NewEvent): boolean {
    const { engine, handle } = this.#live;
    const checked = checkEvent(event, this.#context(event?.context));
    const known = engine.record(handle, checked);
    const shown = event.impression ?? event.recommendationId;
    if (shown) this.recordImpressions(shown);
    this.#changed();
    this.observer?.record(checked, event);
    return known;
  }

  /**
   * Notes that a list was shown, by its recommendationId or its items: what the user left aside is
   * explored less from now on. Kept as long as the session lives, not stored. Returns whether it is
   * still known what was shown: the latest 50 lists are.
   */
  recordImpressions(shown: string | readonly string[]): boolean {
    const { engine, handle } = this.#live;
    const items =
      typeof shown === 'string'
        ? this.#lists.get(shown)
        : checkIds('impression', shown).map((id) => engine.findItem(id));
    if (items) {
      engine.shown(handle, items);
      if (this.#shown.push(items) > kMaxLists) this.#shown.shift();
    }
    return items !== undefined;
  }

  /**
   * Tells what is known of the user, beside what was told before; null takes a value away. Acts on
   * the very next list. The history, clear() and the store are not concerned.
   */
  setAttributes(attributes: Values): void {
    void this.#live;
    this.#setAttributes(checkValues('attributes', attributes, this.#catalogue.userColumns));
  }

  /**
   * The best items for this user; for one without history those that suit the attributes and the
   * context, or popular ones.
   */
  getRecommendations(options?: RecommendationOptions): Recommendations {
    const { engine, handle } = this.#live;
    const checked = checkOptions('getRecommendations', options, [
      ...kListOptions,
      'context',
      'explain',
    ]);
    const request = this.#catalogue.listRequest(checked);
    const ranked = engine.recommend(handle, request, this.#context(checked.context));
    const itemList = this.#catalogue.items(ranked, request.columns, request.controls);
    if (checked.explain) this.#explain(itemList, ranked.items);
    const answer = this.#catalogue.answer();
    this.#lists.set(answer.recommendationId, ranked.items);
    if (this.#lists.size > kMaxLists) this.#lists.delete(this.#lists.keys().next().value!);
    this.observer?.items(answer.recommendationId, itemList);
    return { ...answer, itemList };
  }

  /**
   * The given items, best first for this user, with scores that sum to 1. Items that the bundle
   * does not have come last, without score, in their given order.
   */
  getPersonalizedRanking(options: RankingOptions): PersonalizedRanking {
    const { engine, handle } = this.#live;
    const checked = checkOptions('getPersonalizedRanking', options, [
      'inputList',
      'metadataColumns',
      'context',
      'filter',
      'filterValues',
      'timestamp',
    ]);
    const context = this.#context(checked.context);
    const { columns, ...list } = this.#catalogue.rankingRequest(checked);
    const ids = engine.passing(handle, checkIds('inputList', checked.inputList), context, list);
    const items = ids.map((id) => engine.findItem(id));
    const known = this.#catalogue.items(engine.rank(handle, items), columns);
    const unknown: RankedItem[] = ids
      .filter((_, i) => items[i] === undefined)
      .map((itemId) => ({ itemId }));
    const personalizedRanking = [...known, ...unknown];
    const answer = this.#catalogue.answer();
    this.observer?.items(answer.recommendationId, personalizedRanking);
    return { ...answer, personalizedRanking };
  }

  /** Forgets the history, in the store too. */
  clear(): void {
    const { engine, handle } = this.#live;
    engine.clearSession(handle);
    this.#shown = [];
    this.#merged = true;
    this.#changed();
  }

  /** The history as bytes, for restore() here, in another place or with another bundle. */
  save(): Uint8Array {
    const { engine, handle } = this.#live;
    return engine.saveSession(handle);
  }

  /** Replaces the history by saved bytes. Error `INVALID_SESSION`: the history stays as it was. */
  restore(bytes: Bytes): void {
    const { engine, handle } = this.#live;
    const saved = bytesOf(bytes);
    if (!saved)
      throw invalid(`restore: ${show(bytes)} is neither an ArrayBuffer nor a view of one`);
    engine.restoreSession(handle, saved);
    this.#merged = true;
    this.#changed();
  }

  /** Resolves, never rejects, when everything recorded so far has been stored or has failed to be. */
  flush(): Promise<void> {
    if (this.#unsaved && !this.#disposed && !this.#engine.closed) this.#saveSoon();
    return this.#work;
  }

  /** Gives the session up; what is not stored yet will be. Later calls throw `DISPOSED`. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#sessions.delete(this);
    const close = () => this.#engine.closeSession(this.#handle);
    if (this.#pending) void this.#enqueue(close);
    else if (!this.#engine.closed) close();
  }

  #setAttributes(texts: NamedTexts): void {
    this.#engine.setAttributes(this.#handle, texts);
    for (const text of texts) this.#attributes.set(text[0].toLowerCase(), text);
  }

  get #live(): { engine: Engine; handle: number } {
    if (this.#engine.closed) throw this.#engine.closedError();
    if (this.#disposed) throw new AttuneError('DISPOSED', 'this session was disposed of');
    return { engine: this.#engine, handle: this.#handle };
  }

  /** Adds to items why they are listed. */
  #explain(itemList: RecommendedItem[], items: readonly number[]): void {
    const { engine, handle } = this.#live;
    const past = engine.explain(handle, items).map(({ event, parts }) => ({
      itemId: engine.event(handle, event).itemId,
      parts,
    }));
    itemList.forEach((answer, i) => {
      const events = past
        .map(({ itemId, parts }) => ({ itemId, contribution: parts[i]! }))
        .filter(({ contribution }) => contribution > 0)
        .sort((a, b) => b.contribution - a.contribution)
        .slice(0, kMaxReasons);
      const listed = events.length ? 'events' : 'popular';
      const kind = answer.promotionName ? 'promoted' : answer.reason ? 'explored' : listed;
      if (kind === 'popular') answer.reason = ['Popular item'];
      answer.because = { kind, events };
    });
  }

  #context(context: Values | undefined): NamedTexts {
    return checkValues('context', context, this.#catalogue.contextColumns);
  }

  #changed(): void {
    this.#history = undefined;
    if (!this.#store) return;
    this.#unsaved = true;
    this.#saveSoon();
  }

  /** Stores after the running task, so that events recorded together are stored together. */
  #saveSoon(): void {
    if (this.#saving) return;
    this.#saving = true;
    void this.#enqueue(() => this.#save());
  }

  /** Runs tasks of the store one after the other. What they throw becomes the storageError. */
  #enqueue(task: () => void | Promise<void>): Promise<void> {
    const engine = this.#engine;
    this.#pending++;
    engine.hold();
    this.#work = this.#work
      .then(task)
      .catch((cause: unknown) => {
        this.#storageError = new AttuneError('STORAGE', `the history cannot be stored: ${cause}`, {
          cause,
        });
      })
      .finally(() => {
        this.#pending--;
        engine.release();
      });
    return this.#work;
  }

  /** Puts the stored history before what has been recorded since. */
  async #merge(): Promise<void> {
    if (this.#merged) return;
    const stored = await withinTime(this.#store!.load(this.userId!));
    if (this.#merged) return;
    this.#merged = true;
    if (stored === undefined) return;
    const saved = bytesOf(stored);
    if (!saved) throw new TypeError('the store returned something else than bytes');
    const recent = readHistory(this.#engine, this.#handle);
    this.#engine.restoreSession(this.#handle, saved);
    for (const event of recent) this.#engine.record(this.#handle, event);
    this.#history = undefined;
  }

  async #save(): Promise<void> {
    this.#saving = false;
    // Saving over a history that could not be loaded would lose it.
    await this.#merge();
    if (!this.#unsaved) return;
    this.#unsaved = false;
    try {
      const empty = this.#engine.eventCount(this.#handle) === 0;
      const bytes = this.#engine.saveSession(this.#handle);
      await withinTime(
        empty ? this.#store!.remove(this.userId!) : this.#store!.save(this.userId!, bytes),
      );
    } catch (error) {
      this.#unsaved = true;
      throw error;
    }
    this.#storageError = undefined;
  }
}

makeDisposable(Session);

function readHistory(engine: Engine, handle: number): readonly HistoryEvent[] {
  const count = engine.eventCount(handle);
  return Object.freeze(
    Array.from({ length: count }, (_, i) => Object.freeze(engine.event(handle, i))),
  );
}

/** Ids without repetitions, in their order. */
function checkIds(name: string, list: readonly string[] | undefined): string[] {
  if (!Array.isArray(list)) throw invalid(`${name}: ${show(list)} is not an array of item ids`);
  return [...new Set(list.map((id, i) => checkText(`${name}[${i}]`, id)))];
}
