// attune/element: <attune-shelf>, a list of recommendations without a framework. Its children are ordinary ones of
// the page, which styles them; it sets no styles but those that hide what is for screen readers only.
import { AttuneError } from './errors.js';
import { columnsOf, filled } from './item-template.js';
import { type ListRequest, LiveList, type ListSource } from './live-list.js';
import type { Recommender } from './recommender.js';
import type { Session } from './session.js';
import type { RecommendationOptions, RecommendedItem } from './types.js';

export { AttuneError } from './errors.js';

/** Detail of `attune-select`: a link or button of an item was pressed. Cancelled, it is not recorded. */
export interface SelectDetail {
  readonly itemId: string;
  /** From 1. */
  readonly position: number;
  readonly recommendationId: string | undefined;
}

/** Detail of `attune-list`: a list is shown. */
export interface ListDetail {
  readonly recommendationId: string | undefined;
  readonly itemList: readonly RecommendedItem[];
}

declare global {
  interface HTMLElementTagNameMap {
    'attune-shelf': AttuneShelf;
  }
  interface HTMLElementEventMap {
    'attune-select': CustomEvent<SelectDetail>;
    'attune-list': CustomEvent<ListDetail>;
    'attune-error': CustomEvent<AttuneError>;
  }
}

const kTexts = {
  'loading-text': 'Loading recommendations',
  'empty-text': 'Nothing to recommend yet',
  'error-text': 'Recommendations cannot be shown now',
  'updated-text': 'Recommendations updated',
};
const kUnseen = {
  position: 'absolute', width: '1px', height: '1px', margin: '-1px', overflow: 'hidden', clipPath: 'inset(50%)', whiteSpace: 'nowrap',
};
const kUnseenNames = Object.keys(kUnseen) as (keyof typeof kUnseen)[];
const kPressable = 'a, button, summary, input, select';

/** On a server there are no elements; the class is only named there. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** A shelf of recommended items: `<attune-shelf src num-results>` with a `<template>` for an item. See the README. */
export class AttuneShelf extends Base {
  static readonly observedAttributes = [
    'src', 'wasm', 'public-keys', 'user-id', 'num-results', 'filter', 'similar-to', 'live',
  ];

  readonly #list = new LiveList();
  #unsubscribe: (() => void) | undefined;
  #isDue = false;
  #wasShown = false;
  #recommender: Recommender | undefined;
  #options: RecommendationOptions = {};

  /** Recommends instead of the bundle that `src` names. */
  get recommender(): Recommender | undefined {
    return this.#recommender;
  }
  set recommender(recommender: Recommender | undefined) {
    this.#recommender = recommender;
    this.#changed();
  }

  /** What attributes cannot say: `filterValues`, `context`, `diversity` and other options of a list. */
  get options(): RecommendationOptions {
    return this.#options;
  }
  set options(options: RecommendationOptions) {
    this.#options = options;
    this.#changed();
  }

  /** The open session, for attributes, a tracker or the history; undefined while loading. */
  get session(): Session | undefined {
    return this.#list.session;
  }

  /** Lists again, after a failure too. */
  refresh(): void {
    this.#list.refresh();
  }

  /** @internal */
  connectedCallback(): void {
    // What was set before the element was defined lies before the setters.
    for (const name of ['recommender', 'options'] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      Object.assign(this, { [name]: value });
    }
    this.#unsubscribe = this.#list.subscribe(() => this.#render());
    this.addEventListener('click', this.#pressed);
    this.addEventListener('auxclick', this.#pressed);
    this.#changed();
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.removeEventListener('click', this.#pressed);
    this.removeEventListener('auxclick', this.#pressed);
    this.#list.close();
  }

  /** @internal */
  attributeChangedCallback(): void {
    this.#changed();
  }

  /** Lists once for all that changes together, when the page's children are there. */
  #changed(): void {
    if (this.#isDue || !this.#unsubscribe) return;
    this.#isDue = true;
    const show = () => {
      this.#isDue = false;
      if (this.#unsubscribe) this.#show();
    };
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', show, { once: true });
    else queueMicrotask(show);
  }

  #show(): void {
    const source: ListSource | null = this.#recommender ?? this.getAttribute('src');
    const named = this.getAttribute('aria-label') ?? this.getAttribute('aria-labelledby');
    if (named !== null && !this.hasAttribute('role')) this.setAttribute('role', 'region');
    if (source === null) return; // as a page has it before it knows what to show
    this.#list.show(source, this.#request());
    if (this.#list.state().status === 'loading') this.#render(); // other states were told by the list
  }

  #request(): ListRequest {
    const columns = this.#columns();
    const text = (name: string) => this.getAttribute(name) ?? undefined;
    const numResults = this.getAttribute('num-results');
    const [filter, publicKeys] = [text('filter'), text('public-keys')];
    return {
      ...(columns.length && { metadataColumns: { ITEMS: columns } }),
      ...(filter !== undefined && { filter }),
      ...(numResults !== null && { numResults: /^\d+$/.test(numResults) ? Number(numResults) : (numResults as never) }),
      ...this.#options,
      userId: text('user-id'),
      similarTo: text('similar-to'),
      wasm: text('wasm'),
      publicKeys: publicKeys === 'none' ? publicKeys : publicKeys?.trim().split(/\s+/),
      live: this.hasAttribute('live'),
    };
  }

  get #template(): HTMLTemplateElement | null {
    return this.querySelector<HTMLTemplateElement>(':scope > template');
  }

  #columns(): string[] {
    const template = this.#template;
    return template ? columnsOf(template) : [];
  }

  /** A child of the element's own, made when the page did not bring it. */
  #child<K extends 'ul' | 'p'>(selector: string, name: K, attributes: Record<string, string>): HTMLElementTagNameMap[K] {
    const found = this.querySelector<HTMLElementTagNameMap[K]>(`:scope > ${selector}`) ?? this.appendChild(document.createElement(name));
    for (const [key, value] of Object.entries(attributes)) if (!found.hasAttribute(key)) found.setAttribute(key, value);
    return found;
  }

  #render(): void {
    const { status, itemList, error } = this.#list.state();
    // The list's role is said because Safari forgets it where no bullets are shown.
    const list = this.#child('ul, :scope > ol', 'ul', { role: 'list' });
    const say = this.#child('[role="status"]', 'p', { role: 'status' });
    let failure = error;
    if (status === 'ready') {
      try {
        this.#fill(list, itemList);
      } catch (cause) {
        if (!(cause instanceof AttuneError)) throw cause;
        failure = cause;
      }
    }
    const state = failure ? 'error' : status === 'ready' && !itemList.length ? 'empty' : status;
    this.dataset['state'] = state;
    this.setAttribute('aria-busy', String(state === 'loading'));
    this.#say(say, state);
    if (failure) this.#failed(failure);
    else if (status === 'ready') this.#emit('attune-list', this.#list.state());
  }

  #say(say: HTMLElement, state: string): void {
    const key = state === 'ready' ? (this.#wasShown ? 'updated-text' : undefined) : (`${state}-text` as keyof typeof kTexts);
    const text = key ? (this.getAttribute(key) ?? kTexts[key]) : '';
    if (say.textContent !== text) say.textContent = text;
    // Properties, not a style attribute, which policies forbid.
    for (const name of kUnseenNames) say.style[name] = state === 'ready' ? kUnseen[name] : '';
    this.#wasShown ||= state === 'ready';
  }

  /** Items that stay keep their place in the document, and with it focus and what the page made of them. */
  #fill(list: HTMLElement, items: readonly RecommendedItem[]): void {
    const focused = document.activeElement?.closest<HTMLElement>('li');
    const index = focused && focused.parentElement === list ? [...list.children].indexOf(focused) : -1;
    const known = new Map(([...list.children] as HTMLElement[]).map((row) => [row.dataset['itemId'], row]));
    const rows = items.map((item, i) => {
      const row = document.createElement('li');
      row.dataset['itemId'] = item.itemId;
      row.append(this.#content(item, i + 1));
      const old = known.get(item.itemId);
      return old?.dataset['itemId'] && old.innerHTML === row.innerHTML ? old : row;
    });
    if (rows.length !== list.children.length || rows.some((row, i) => row !== list.children[i])) {
      list.replaceChildren(...rows);
      const next = index < 0 ? undefined : rows.find((row) => row.dataset['itemId'] === focused!.dataset['itemId']) ?? rows[Math.min(index, rows.length - 1)];
      next?.querySelector<HTMLElement>(kPressable)?.focus({ preventScroll: true });
    }
  }

  #content(item: RecommendedItem, position: number): Node {
    const template = this.#template;
    if (template) return filled(template, item, position);
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = item.itemId;
    return button;
  }

  readonly #pressed = (event: Event): void => {
    const target = event.target as Element;
    const row = target.closest?.<HTMLElement>('li[data-item-id]');
    const isMiddle = event.type === 'auxclick';
    if (!row || !this.contains(row) || !target.closest(kPressable)) return;
    if (isMiddle && ((event as MouseEvent).button !== 1 || !target.closest('a'))) return;
    const itemId = row.dataset['itemId']!;
    const { recommendationId } = this.#list.state();
    const position = [...row.parentElement!.children].indexOf(row) + 1;
    if (!this.#emit('attune-select', { itemId, position, recommendationId }, true)) return;
    try {
      this.#list.record({ itemId, eventType: this.getAttribute('event-type') ?? 'click' });
    } catch (error) {
      this.#failed(error as AttuneError);
    }
  };

  #failed(error: AttuneError): void {
    if (this.#emit('attune-error', error, true)) console.error(`attune-shelf: ${error.message}`);
  }

  #emit(name: keyof HTMLElementEventMap, detail: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
  }
}

/** Makes <attune-shelf>, or another name with a hyphen, an element of the page. A second call changes nothing. */
export function defineShelf(name = 'attune-shelf'): void {
  if (!customElements.get(name)) customElements.define(name, name === 'attune-shelf' ? AttuneShelf : class extends AttuneShelf {});
}
