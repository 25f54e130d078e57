// Filters: expressions are compiled in the module and kept, the values of their placeholders are
// turned into Personalize's text form here.
import type { Engine } from './abi.js';
import { checkText, invalid, meant, show } from './check.js';
import { AttuneError } from './errors.js';
import type { NamedTexts } from './query.js';
import type { FilterLanguage, FilterValues } from './types.js';

const kMaxFilters = 64;
const kMaxValues = 1000;
const kMaxNameCharacters = 150;
const kMaxValueCharacters = 10_000;
/** What names a filter of the bundle; no expression is a single word. */
const kName = /^[a-z\d][\w-]{0,62}$/i;

/** A filter as a request takes it: a handle (0 for none) and the values of its placeholders. */
export interface FilterUse {
  handle: number;
  values: NamedTexts;
}

/** The compiled filters of a bundle, by expression, the least recently used first. */
export class Filters {
  /** The bundle's own expressions by name. */
  readonly named: Readonly<Record<string, string>>;
  readonly #engine: Engine;
  readonly compatible: boolean;
  readonly #handles = new Map<string, number>();

  constructor(engine: Engine, count: number, language: FilterLanguage | undefined) {
    this.#engine = engine;
    this.compatible = language === 'compatible';
    const named = Array.from({ length: count }, (_, i) => engine.namedFilter(i));
    // Without a prototype, because a filter may be called `constructor`.
    this.named = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(named)));
  }

  use(expression: string | undefined, values: FilterValues | undefined): FilterUse {
    const texts = checkFilterValues(values);
    return { handle: expression === undefined ? 0 : this.#open(expression), values: texts };
  }

  /** Forgets what was compiled, because there are other columns now. */
  clear(): void {
    for (const handle of this.#handles.values()) this.#engine.closeFilter(handle);
    this.#handles.clear();
  }

  /** What is wrong with an expression; undefined for nothing. */
  check(expression: string): AttuneError | undefined {
    try {
      this.#open(expression);
      return undefined;
    } catch (error) {
      const { code } = error as AttuneError;
      if (code === 'INVALID_FILTER' || code === 'NOT_FOUND') return error as AttuneError;
      throw error;
    }
  }

  #open(filter: string): number {
    if (typeof filter !== 'string') throw invalid(`filter: ${show(filter)} is not a string`);
    const expression = kName.test(filter) ? this.#expression(filter) : filter;
    const handle =
      this.#handles.get(expression) ?? this.#engine.openFilter(expression, this.compatible);
    this.#handles.delete(expression);
    this.#handles.set(expression, handle);
    if (this.#handles.size > kMaxFilters) {
      const [oldest] = this.#handles.keys() as Iterable<string> as [string];
      this.#engine.closeFilter(this.#handles.get(oldest)!);
      this.#handles.delete(oldest);
    }
    return handle;
  }

  #expression(name: string): string {
    const expression = this.named[name];
    if (expression !== undefined) return expression;
    const hint = meant(name, Object.keys(this.named));
    throw new AttuneError('NOT_FOUND', `filter: the bundle has none named ${show(name)}${hint}`);
  }
}

/** Strings go on as they are, because Personalize's form is a string; all else is written in it. */
function checkFilterValues(values: FilterValues | undefined): NamedTexts {
  if (values === undefined) return [];
  if (values === null || typeof values !== 'object' || Array.isArray(values)) {
    throw invalid(`filterValues: ${show(values)} is not an object of values`);
  }
  return Object.entries(values).map(([name, value]) => {
    checkText('filterValues: a name', name, kMaxNameCharacters);
    return [name, textOf(`filterValues.${name}`, value)];
  });
}

function textOf(where: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value === 'string') return checkText(where, value, kMaxValueCharacters);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > kMaxValues) throw invalid(`${where}: more than ${kMaxValues} values`);
  return values.map((one) => quoted(where, one)).join(',');
}

function quoted(where: string, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'boolean') return `"${value}"`;
  if (typeof value === 'string' && value !== '') {
    return `"${checkText(where, value, kMaxValueCharacters).replace(/["'\\]/g, '\\$&')}"`;
  }
  throw invalid(`${where}: ${show(value)} is neither a text nor a finite number nor a boolean`);
}
