// What a bundle's items are called and what is said about them, and the shape of answers: shared by
// a recommender and its sessions.
import type { Engine } from './abi.js';
import { checkCount, checkOptions, checkTimestamp, invalid, meant, show } from './check.js';
import { checkControls, kControlOptions } from './controls.js';
import { Filters } from './filter.js';
import type { ListUse, Ranked, RankingUse } from './list.js';
import { shortest } from './number.js';
import type {
  Column,
  ColumnType,
  FilterLanguage,
  ListOptions,
  Metadata,
  MetadataColumns,
  RankingOptions,
  RecommendedItem,
} from './types.js';
import { uuidV7 } from './uuid.js';

const kDefaultResults = 25;
const kMaxNames = 10_000;

export const kListOptions = [
  'numResults',
  'filter',
  'filterValues',
  'metadataColumns',
  'timestamp',
  'exact',
  ...kControlOptions,
] as const;

/** By the number of bundle.fbs's ColumnType. */
export const kColumnTypes: readonly ColumnType[] = ['categorical', 'integer', 'real', 'boolean', 'text'];

/** What a bundle holds. */
export interface Description {
  itemCount: number;
  columnCount: number;
  queryColumnCount: number;
  filterCount: number;
  recipe: string;
}

/** Options of a ranking, and of a list, as the engine takes them. */
export interface RankingRequest extends RankingUse {
  columns: readonly number[] | undefined;
}

export interface ListRequest extends ListUse {
  columns: readonly number[] | undefined;
}

export class Catalogue {
  readonly itemCount: number;
  /** Version of the manifest that the bundle came with, if it came with one. */
  version: number | undefined;
  columns!: readonly Column[];
  /** Columns of users, and of requests, whose values the model knows. */
  readonly userColumns: readonly Column[];
  readonly contextColumns: readonly Column[];
  readonly #engine: Engine;
  #columnNumbers!: ReadonlyMap<string, number>;
  readonly filters: Filters;

  /** Ids of items listed before, by number: decoding a list's ids takes longer than ranking it. */
  readonly #names = new Map<number, string>();

  constructor(
    engine: Engine,
    { itemCount, queryColumnCount, filterCount }: Description,
    language: FilterLanguage | undefined,
  ) {
    this.#engine = engine;
    this.filters = new Filters(engine, filterCount, language);
    this.itemCount = itemCount;
    this.readColumns();
    const queryColumns = Array.from({ length: queryColumnCount }, (_, i) => engine.queryColumn(i));
    const columnsOf = (users: boolean) =>
      Object.freeze(
        queryColumns.filter((one) => one.ofUsers === users).map(({ column }) => Object.freeze(column)),
      );
    this.userColumns = columnsOf(true);
    this.contextColumns = columnsOf(false);
  }

  /** Again when the metadata have come. */
  readColumns(): void {
    const engine = this.#engine;
    const length = engine.describe().columnCount;
    const columns = Array.from({ length }, (_, i) => Object.freeze(engine.column(i)));
    this.columns = Object.freeze(columns);
    this.#columnNumbers = new Map(columns.map((column, i) => [column.name, i]));
  }

  listRequest(options: ListOptions): ListRequest {
    const { numResults = kDefaultResults, exact } = options;
    const wanted = checkCount('numResults', numResults, 0);
    return {
      ...this.rankingRequest(options),
      numResults: Math.min(wanted, this.itemCount),
      controls: checkControls(options, this),
      exact,
    };
  }

  rankingRequest(options: Omit<RankingOptions, 'inputList'>): RankingRequest {
    const { filter, filterValues, metadataColumns, timestamp = Date.now() / 1000 } = options;
    return {
      columns: this.metadataColumns(metadataColumns),
      filter: this.filters.use(filter, filterValues),
      now: checkTimestamp('timestamp', timestamp),
    };
  }

  /** The numbers of the columns to return, or undefined for none at all. */
  metadataColumns(wanted: MetadataColumns | undefined): readonly number[] | undefined {
    if (wanted === undefined) return undefined;
    const { ITEMS } = checkOptions('metadataColumns', wanted, ['ITEMS']);
    return ITEMS && this.columnNumbers('metadataColumns.ITEMS', ITEMS);
  }

  columnNumbers(where: string, names: readonly string[]): number[] {
    if (this.#engine.pending) throw this.#engine.pending();
    if (!Array.isArray(names)) throw invalid(`${where}: ${show(names)} is not an array of names`);
    return (names as readonly string[]).map((name) => {
      const column = this.#columnNumbers.get(name);
      if (column !== undefined) return column;
      const known = this.columns.map((one) => one.name);
      throw invalid(`${where}: unknown column ${show(name)}${meant(String(name), known)}`);
    });
  }

  metadata(item: number, columns: readonly number[]): Metadata {
    const entries: [string, string][] = [];
    for (const column of columns) {
      const value = this.#engine.attribute(item, column);
      if (value === undefined) continue;
      entries.push([
        this.columns[column]!.name,
        String(typeof value === 'number' ? shortest(value) : value),
      ]);
    }
    // fromEntries defines keys instead of setting them, so a column named __proto__ is just a key.
    return Object.fromEntries(entries);
  }

  items(
    ranked: Ranked,
    columns: readonly number[] | undefined,
    controls?: ListUse['controls'],
  ): RecommendedItem[] {
    return ranked.items.map((item, i) => {
      const answer: RecommendedItem = {
        itemId: this.#name(item),
        score: ranked.scores[i]!,
      };
      const mark = ranked.mark(i);
      if (mark?.how === 1) answer.reason = ['Exploration'];
      if (mark && mark.how >= 2) {
        answer.promotionName = controls!.promotions[mark.how - 2]!.name;
        answer.reason = ['Promoted item'];
      }
      if (mark && controls!.weight) answer.propensity = mark.propensity;
      if (columns) answer.metadata = this.metadata(item, columns);
      return answer;
    });
  }

  /** What every answer begins with. */
  answer(): { recommendationId: string; modelVersion?: number } {
    const recommendationId = newRecommendationId();
    const { version } = this;
    return version ? { recommendationId, modelVersion: version } : { recommendationId };
  }

  #name(item: number): string {
    const known = this.#names.get(item);
    if (known !== undefined) return known;
    if (this.#names.size === kMaxNames) this.#names.clear();
    const name = this.#engine.itemId(item);
    this.#names.set(item, name);
    return name;
  }
}

/** `RID-` and a UUID of version 7. */
export function newRecommendationId(): string {
  return `RID-${uuidV7(Date.now())}`;
}
