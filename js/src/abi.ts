// The one file that knows attune.wasm's pointers and memory; ../../wasm/attune_abi.h is the
// contract. Everything it returns is a copy: memory moves when it grows.
import { bytesOf, invalid } from './check.js';
import { type Description, kColumnTypes } from './catalogue.js';
import { AttuneError, outOfMemory } from './errors.js';
import type { Opened, Pending } from './filling.js';
import type { ListUse, Ranked, RankingUse } from './list.js';
import { shortest } from './number.js';
import type { NamedTexts } from './query.js';
import type { Column, HistoryEvent } from './types.js';

const kAbiVersion = 7;
const kUnknownItem = 0xffffffff;
const kReplyWords = 8;

type Functions = Record<string, (...values: number[]) => number>;

const encoder = new TextEncoder();
// Ids are byte-exact, so a byte order mark at their beginning is a part of them.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** One instance of attune.wasm with one open bundle. Handles are numbers; items and columns must be in range. */
export class Engine {
  #functions: Functions = {};
  #memory: WebAssembly.Memory;
  #reply = 0;
  #recommender = 0;
  #bundle = [0, 0];
  #holds = 0;
  #closed = false;
  #trap: AttuneError | undefined;

  private constructor({ exports }: WebAssembly.Instance) {
    this.#memory = exports.memory as WebAssembly.Memory;
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value !== 'function') continue;
      this.#functions[name] = (...values) => this.#guard(name, value as Functions[string], values);
    }
    this.#functions['_initialize']?.();
    this.#reply = this.#function('reply')() >>> 0;
  }

  /** While the items' metadata have not come: what a call that needs them throws. */
  pending: Pending | undefined;

  /** Opens a bundle in an instance that is used for nothing else; if `pending`, without its metadata. */
  static async open(instance: WebAssembly.Instance, bundle: Opened, pending?: Pending): Promise<Engine> {
    const version = (instance.exports['attune_abi_version'] as (() => number) | undefined)?.();
    if (version !== kAbiVersion) {
      const found = version === undefined ? 'is another module' : `speaks ABI ${version}`;
      const message = `this attune.wasm ${found}, the package needs ABI ${kAbiVersion}: take both from one version`;
      throw new AttuneError('WASM_UNAVAILABLE', message);
    }
    const engine = new Engine(instance);
    engine.pending = pending;
    await engine.#open(bundle);
    return engine;
  }

  /** Whether close() was called or the module trapped. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Gives the instance up, as soon as nobody holds it; its memory goes to the garbage collector. */
  close(): void {
    this.#closed = true;
    if (this.#holds === 0) this.#functions = {};
  }

  /** Keeps the instance usable after close() until the matching release(). */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#closed) this.close();
  }

  /** The error of a call on a closed engine. */
  closedError(): AttuneError {
    return this.#trap ?? new AttuneError('DISPOSED', 'this recommender was disposed of');
  }

  describe(): Description {
    this.#call('describe', this.#recommender);
    const words = this.#words();
    const [itemCount = 0, columnCount = 0, name = 0, length = 0] = words;
    const [queryColumnCount = 0, filterCount = 0] = words.subarray(6);
    const recipe = this.#text(name, length);
    return { itemCount, columnCount, queryColumnCount, filterCount, recipe };
  }

  provenance(): string {
    this.#call('describe', this.#recommender);
    const words = this.#words();
    return this.#text(words[4]!, words[5]!);
  }

  column(column: number): Column {
    this.#call('column', this.#recommender, column);
    return this.#replyColumn();
  }

  /** A column of users (`ofUsers`) or of requests. */
  queryColumn(column: number): { column: Column; ofUsers: boolean } {
    const kind = this.#call('query_column', this.#recommender, column);
    return { column: this.#replyColumn(), ofUsers: kind === 0 };
  }

  /** Name and expression of a filter of the bundle. */
  namedFilter(filter: number): [string, string] {
    this.#call('named_filter', this.#recommender, filter);
    const [name = 0, length = 0, expression = 0, expressionLength = 0] = this.#words();
    return [this.#text(name, length), this.#text(expression, expressionLength)];
  }

  /** The item's number, or undefined if the bundle does not have it. */
  findItem(itemId: string): number | undefined {
    const [length] = this.#input(itemId);
    const item = this.#function('find_item')(this.#recommender, length!);
    if (item >= 0) return item;
    if (this.#errorName() === 'NOT_FOUND') return undefined;
    throw this.#error();
  }

  itemId(item: number): string {
    this.#call('item_id', this.#recommender, item);
    return this.#replyText();
  }

  attribute(item: number, column: number): string | number | boolean | undefined {
    const kind = this.#call('attribute', this.#recommender, item, column);
    if (kind === 0) return undefined;
    if (kind === 1) return this.#replyText();
    const number = this.#numbers()[0]!;
    return kind === 2 ? number : number !== 0;
  }

  openSession(maxEvents: number): number {
    this.#call('session_open', this.#recommender, maxEvents);
    return this.#words()[0]!;
  }

  closeSession(session: number): void {
    this.#call('session_close', session);
  }

  clearSession(session: number): void {
    this.#call('session_clear', session);
  }

  /** Returns whether the bundle has the item. */
  record(session: number, event: HistoryEvent): boolean {
    const { itemId, eventType, timestamp, eventValue = NaN, context = {} } = event;
    const said = Object.entries(context).map(([name, text]) => text && `${name}\0${text}\0`);
    const lengths = this.#input(itemId, eventType, said.join(''));
    return this.#call('session_record', session, ...lengths, timestamp, eventValue) === 1;
  }

  setAttributes(session: number, attributes: NamedTexts): void {
    this.#values('session_attribute', attributes, session);
  }

  eventCount(session: number): number {
    return this.#call('session_size', session);
  }

  event(session: number, index: number): HistoryEvent {
    this.#call('session_event', session, index);
    const [id = 0, idLength = 0, type = 0, typeLength = 0, context = 0, length = 0] = this.#words();
    const [timestamp = 0, eventValue = NaN] = this.#numbers();
    const pairs = [...this.#text(context, length).matchAll(/(.+?)\0(.+?)\0/gs)];
    return {
      itemId: this.#text(id, idLength),
      eventType: this.#text(type, typeLength),
      timestamp,
      ...(!Number.isNaN(eventValue) && { eventValue: shortest(eventValue) }),
      ...(length && { context: Object.fromEntries(pairs.map((pair) => pair.slice(1))) }),
    };
  }

  saveSession(session: number): Uint8Array {
    this.#call('session_save', session);
    const [pointer = 0, length = 0] = this.#words();
    return new Uint8Array(this.#memory.buffer, pointer, length).slice();
  }

  restoreSession(session: number, bytes: Uint8Array): void {
    const [length] = this.#input(bytes);
    this.#call('session_restore', session, length!);
  }

  openFilter(expression: string, compatible: boolean): number {
    const [length] = this.#input(expression);
    const opened = this.#function('filter_open')(this.#recommender, length!, compatible ? 1 : 0);
    if (opened >= 0) return this.#words()[0]!;
    if (this.pending) throw this.pending();
    const meant = this.#replyText();
    throw this.#error(meant === '' ? '' : `; did you mean ${meant}?`);
  }

  closeFilter(filter: number): void {
    this.#call('filter_close', filter);
  }

  recommend(session: number, list: ListUse, context: NamedTexts): Ranked {
    return this.#list('recommend', [session], list, context);
  }

  related(item: number, session: number, list: ListUse): Ranked {
    return this.#list('related', [item, session], list, []);
  }

  #list(call: string, first: readonly number[], list: ListUse, context: NamedTexts): Ranked {
    this.#begin(first.at(-1)!, context, list);
    const { numResults, filter } = list;
    return this.#ranked(this.#call(call, this.#recommender, ...first, numResults, filter.handle));
  }

  /** Notes that items were shown; undefined is an unknown item. */
  shown(session: number, items: readonly (number | undefined)[]): void {
    this.#inputItems(items);
    this.#call('session_shown', session, items.length);
  }

  /** For each of the newest different past items: its event's number, and what it adds to each item. */
  explain(session: number, items: readonly number[]): { event: number; parts: number[] }[] {
    this.#inputItems(items);
    const count = this.#call('explain', this.#recommender, session, items.length);
    const [events = 0, parts = 0] = this.#words();
    const { buffer } = this.#memory;
    return [...new Uint32Array(buffer, events, count)].map((event, i) => ({
      event,
      parts: [...new Float32Array(buffer, parts + 4 * i * items.length, items.length)],
    }));
  }

  /** Begins a ranking: which of the items pass its filter. */
  passing(session: number, itemIds: string[], context: NamedTexts, list: RankingUse): string[] {
    this.#begin(session, context, list);
    const asked = [this.#recommender, session, list.filter.handle];
    const passes = (id: string) => this.#call('filter_passes', ...asked, ...this.#input(id));
    return list.filter.handle ? itemIds.filter(passes) : itemIds;
  }

  /** Goes on with it: ranks items by number; undefined is an unknown item. */
  rank(session: number, items: readonly (number | undefined)[]): Ranked {
    this.#inputItems(items);
    return this.#ranked(this.#call('rank', this.#recommender, session, items.length));
  }

  #inputItems(items: readonly (number | undefined)[]): void {
    this.#input(bytesOf(Uint32Array.from(items, (item) => item ?? kUnknownItem))!);
  }

  /** A new request. */
  #begin(session: number, context: NamedTexts, list: RankingUse & Partial<ListUse>): void {
    this.#call('request', this.#recommender, session, list.now, +!!list.exact);
    this.#values('context_set', context);
    if (list.filter.handle) this.#values('filter_value', list.filter.values);
    if (!list.controls) return;
    this.#input(bytesOf(Float64Array.from(list.controls.numbers))!);
    this.#call('controls', this.#recommender);
    for (const { filter, percent } of list.controls.promotions) {
      this.#call('promotion', this.#recommender, filter.handle, percent);
      if (filter.handle) this.#values('promotion_value', filter.values);
    }
  }

  #values(call: string, values: NamedTexts, ...first: number[]): void {
    for (const pair of values) this.#call(call, this.#recommender, ...first, ...this.#input(...pair));
  }

  async #open(bundle: Opened): Promise<void> {
    let pointer = 0;
    const room = (bytes: number) => {
      this.#function('bundle_free')(pointer);
      pointer = this.#function('bundle_alloc')(bytes) >>> 0;
      if (pointer === 0) throw outOfMemory(bytes);
      return new Uint8Array(this.#memory.buffer, pointer, bytes);
    };
    let { length } = bundle;
    if (typeof bundle === 'function') length = await bundle(room);
    else room(length).set(bundle);
    // No bundle begins with a brace.
    if (length && new Uint8Array(this.#memory.buffer)[pointer] === 0x7b)
      throw invalid('load: JSON, not a bundle; a manifest needs publicKeys');
    this.#call('open', pointer, length, +!!this.pending);
    this.#recommender = this.#words()[0]!;
    this.#bundle = [pointer, length];
  }

  /** Opens the metadata, which have been put into the bundle. */
  openMetadata(): void {
    this.#call('open_metadata', this.#recommender);
    this.pending = undefined;
  }

  /** The bundle where it lies, until the next call. */
  bundle(): Uint8Array {
    if (this.#closed) throw this.closedError();
    return new Uint8Array(this.#memory.buffer, ...(this.#bundle as [number, number]));
  }

  #function(name: string): Functions[string] {
    const found = this.#functions[`attune_${name}`];
    if (!found) throw this.closedError();
    return found;
  }

  /** Calls an export and throws the error it reports. */
  #call(name: string, ...values: number[]): number {
    const result = this.#function(name)(...values);
    if (result < 0) throw this.#error();
    return result;
  }

  /** A trap is a bug after which the instance cannot be trusted. */
  #guard(name: string, call: Functions[string], values: number[]): number {
    try {
      return call(...values);
    } catch (cause) {
      const message = `a bug in Attune: ${name} stopped (${cause}); load the bundle again`;
      this.#trap = new AttuneError('INTERNAL', message, { cause });
      this.#holds = 0;
      this.close();
      throw this.#trap;
    }
  }

  #errorName(): string {
    return this.#cString(this.#function('error_name')());
  }

  #error(hint = ''): AttuneError {
    const code = this.#errorName();
    const what = this.#cString(this.#function('error_what')()) + hint;
    const at = this.#function('error_at')();
    return new AttuneError(code, at < 0 ? what : `${what} (at ${at})`, at < 0 ? {} : { at });
  }

  /** Writes the parts one behind the other into the input area; returns their lengths in bytes. */
  #input(...parts: (string | Uint8Array)[]): number[] {
    const most = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 3 : 1) * part.length, 0);
    // At least a byte, because an empty area has no address.
    let pointer = this.#function('input')(Math.max(most, 1)) >>> 0;
    if (pointer === 0) throw outOfMemory(most);
    const memory = new Uint8Array(this.#memory.buffer);
    return parts.map((part) => {
      const isText = typeof part === 'string';
      const length = isText ? encoder.encodeInto(part, memory.subarray(pointer)).written : part.length;
      if (!isText) memory.set(part, pointer);
      pointer += length;
      return length;
    });
  }

  #words(): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#reply, kReplyWords);
  }

  #numbers(): Float64Array {
    return new Float64Array(this.#memory.buffer, this.#reply + 4 * kReplyWords, 4);
  }

  #text(pointer: number, length: number): string {
    return decoder.decode(new Uint8Array(this.#memory.buffer, pointer, length));
  }

  #replyText(): string {
    const [pointer = 0, length = 0] = this.#words();
    return this.#text(pointer, length);
  }

  #replyColumn(): Column {
    const [name = 0, length = 0, type = 0] = this.#words();
    return { name: this.#text(name, length), type: kColumnTypes[type] ?? 'text' };
  }

  #cString(address: number): string {
    const pointer = address >>> 0;
    const end = new Uint8Array(this.#memory.buffer).indexOf(0, pointer);
    return this.#text(pointer, end - pointer);
  }

  #ranked(count: number): Ranked {
    const [items = 0, scores = 0, marks = 0] = this.#words();
    const { buffer } = this.#memory;
    const view = new DataView(buffer, marks);
    return {
      items: [...new Uint32Array(buffer, items, count)],
      scores: [...new Float32Array(buffer, scores, count)],
      mark: (i) =>
        marks ? { how: view.getUint32(8 * i, true), propensity: view.getFloat32(8 * i + 4, true) } : undefined,
    };
  }
}
