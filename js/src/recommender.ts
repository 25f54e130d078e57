import type { Engine } from './abi.js';
import { Catalogue, kListOptions } from './catalogue.js';
import { checkCount, checkOptions, checkText, show } from './check.js';
import { makeDisposable } from './disposable.js';
import { AttuneError } from './errors.js';
import { checkValues } from './query.js';
import { Session } from './session.js';
import { defaultStore, type HistoryStore } from './store.js';
import type {
  Column,
  FilterLanguage,
  Item,
  Recommendations,
  SessionOptions,
  SimilarItemsOptions,
} from './types.js';

const kDefaultEvents = 1000;

/** Defaults of a recommender's sessions. */
export interface RecommenderParts {
  engine: Engine;
  store: HistoryStore | undefined;
  maxEvents: number | undefined;
  filterLanguage: FilterLanguage | undefined;
  /** Of the manifest, if there is one. */
  version?: number;
}

/** An open bundle. It owns its instance of the module; dispose of it when it is no more needed. */
export class Recommender {
  /** Name of the recipe that trained the bundle, such as `sims`. */
  readonly recipe!: string;
  readonly itemCount!: number;
  /** The item metadata columns of the bundle. */
  readonly columns!: readonly Column[];
  /** The users' columns that the model knows; names of a session's attributes. */
  readonly userColumns!: readonly Column[];
  /** The columns of requests that the model knows; names of a `context`. */
  readonly contextColumns!: readonly Column[];
  /** The bundle's filters: expressions by the names that the option `filter` takes. */
  readonly filters!: Readonly<Record<string, string>>;

  /** As dispose(), for `using`. */
  declare [Symbol.dispose]: () => void;

  #engine!: Engine;
  #catalogue!: Catalogue;
  readonly #maxEvents: number;
  readonly #language: FilterLanguage | undefined;
  readonly #sessions = new Set<Session>();
  #store: HistoryStore | undefined;
  #provenance: Record<string, unknown> | undefined;

  /** @internal */
  constructor({ engine, store, maxEvents, filterLanguage, version }: RecommenderParts) {
    this.#language = filterLanguage;
    this.#store = store;
    this.#maxEvents = maxEvents ?? kDefaultEvents;
    this.adopt(version, engine);
  }

  /** @internal Goes on with another bundle, if one is given, and its sessions with it, or throws and
   * goes on as before. */
  adopt(version: number | undefined, engine?: Engine): void {
    if (engine) {
      const description = engine.describe();
      const catalogue = new Catalogue(engine, description, this.#language);
      const moves = [...this.#sessions].map((session) => Session.move(session, engine, catalogue));
      for (const move of moves) move();
      this.#engine?.close();
      this.#engine = engine;
      this.#catalogue = catalogue;
      this.#provenance = undefined;
      const { recipe, itemCount } = description;
      const { columns, userColumns, contextColumns, filters } = catalogue;
      const { named } = filters;
      Object.assign(this, { recipe, itemCount, columns, userColumns, contextColumns, filters: named });
    }
    this.#catalogue.version = version;
  }

  /** @internal The items' metadata have come. */
  protected completed(): void {
    this.#catalogue.filters.clear();
    this.#catalogue.readColumns();
    Object.assign(this, { columns: this.#catalogue.columns });
  }

  /** What the trainer wrote about the bundle: data counts, parameters, metrics. */
  get provenance(): Record<string, unknown> {
    return (this.#provenance ??= parseProvenance(this.#live.provenance()));
  }

  /** Whether the bundle has the item. */
  has(itemId: string): boolean {
    return this.#live.findItem(checkText('itemId', itemId)) !== undefined;
  }

  /** An item with its metadata, of the given columns or of all. Undefined: the bundle lacks it. */
  item(itemId: string, columns?: readonly string[]): Item | undefined {
    const item = this.#live.findItem(checkText('itemId', itemId));
    const numbers = this.#catalogue.columnNumbers(
      'columns',
      columns ?? this.columns.map(({ name }) => name),
    );
    return item === undefined
      ? undefined
      : { itemId, metadata: this.#catalogue.metadata(item, numbers) };
  }

  /** All item ids, in ascending byte order. */
  itemIds(): IterableIterator<string> {
    void this.#live;
    return this.#allIds();
  }

  /** Opens the history of a user, or with no `userId` one that is kept in memory only. */
  session(options?: SessionOptions): Session {
    const engine = this.#live;
    const known = ['userId', 'store', 'maxEvents', 'attributes'];
    const checked = checkOptions('session', options, known);
    const { userId, store, maxEvents = this.#maxEvents } = checked;
    return new Session({
      engine,
      sessions: this.#sessions,
      catalogue: this.#catalogue,
      attributes: checkValues('attributes', checked.attributes, this.userColumns),
      maxEvents: checkCount('maxEvents', maxEvents, 1),
      userId: userId === undefined ? undefined : checkText('userId', userId),
      store: userId === undefined ? undefined : (store ?? (this.#store ??= defaultStore())),
    });
  }

  /** The items most like one item, which is left out. Error `NOT_FOUND`: the bundle lacks it. */
  similarItems(itemId: string, options?: SimilarItemsOptions<Session>): Recommendations {
    const engine = this.#live;
    const checked = checkOptions('similarItems', options, [...kListOptions, 'session']);
    const item = engine.findItem(checkText('itemId', itemId));
    if (item === undefined) {
      throw new AttuneError('NOT_FOUND', `similarItems: item ${show(itemId)} is not in the bundle`);
    }
    const session = checked.session === undefined ? 0 : Session.handle(checked.session, engine);
    const request = this.#catalogue.listRequest(checked);
    const ranked = engine.related(item, session, request);
    return {
      ...this.#catalogue.answer(),
      itemList: this.#catalogue.items(ranked, request.columns, request.controls),
    };
  }

  /**
   * What is wrong with a filter for this bundle: an error with the code `INVALID_FILTER`, its column
   * in `at`, or for a name that the bundle does not have `NOT_FOUND`. Undefined: nothing is.
   */
  checkFilter(filter: string): AttuneError | undefined {
    void this.#live;
    return this.#catalogue.filters.check(filter);
  }

  /** Gives up the bundle's memory. Later calls, of its sessions too, throw `DISPOSED`. */
  dispose(): void {
    if (!this.#engine.closed) this.#engine.close();
  }

  *#allIds(): IterableIterator<string> {
    for (let item = 0; item < this.itemCount; item++) yield this.#live.itemId(item);
  }

  get #live(): Engine {
    if (this.#engine.closed) throw this.#engine.closedError();
    return this.#engine;
  }
}

makeDisposable(Recommender);

function parseProvenance(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object') return parsed as Record<string, unknown>;
    throw new TypeError('not an object');
  } catch (cause) {
    throw new AttuneError('CORRUPT_BUNDLE', `the provenance is not JSON: ${cause}`, { cause });
  }
}
