// A shelf: a list of movie cards, each a button. Cards that stay are kept, so nothing flickers,
// and the keyboard focus survives every update.

import { element, svg } from './dom.js';
import { drawPoster } from './poster.js';

const GENRES_SHOWN = 2;

/**
 * `section` holds a list `.row` in a frame; `onPick(movie)` runs when a card is clicked. With
 * `onWhy(movie)` every card has a button "Why this?" below it.
 */
export function createShelf(section, onPick, onWhy) {
  return new Shelf(section, onPick, onWhy);
}

class Shelf {
  constructor(section, onPick, onWhy) {
    this.section_ = section;
    this.row_ = section.querySelector('.row');
    this.onPick_ = onPick;
    this.onWhy_ = onWhy;
    this.movies_ = new Map(); // movie id -> movie as last shown
    this.cards_ = new Map(); // movie id -> list item
    this.row_.addEventListener('keydown', (event) => this.moveWithArrows_(event));
    this.row_.addEventListener('scroll', () => this.showScrollButtons_(), { passive: true });
    new ResizeObserver(() => this.showScrollButtons_()).observe(this.row_);
    this.scrollButtons_ = [
      ['back', -1],
      ['on', 1],
    ].map(([name, way]) => this.scrollButton_(name, way));
    this.row_.parentElement.append(...this.scrollButtons_);
  }

  /** Shows these movies, in this order, from the first one unless the visitor is among them. */
  show(movies) {
    const focused = this.focusedIndex_();
    const hadFocusOn = this.idAt_(focused);
    const onWhy = document.activeElement.classList.contains('why-button');
    this.movies_ = new Map(movies.map((movie) => [movie.id, movie]));
    const shown = new Map(
      movies.map((movie) => [movie.id, this.cards_.get(movie.id) ?? this.card_(movie)]),
    );
    for (const [id, card] of this.cards_) if (!shown.has(id)) card.remove();
    [...shown.values()].forEach((card, at) => this.place_(card, at));
    this.cards_ = shown;
    for (const movie of movies) showPromotion(shown.get(movie.id), movie);
    this.section_.classList.toggle('is-empty', movies.length === 0);
    this.showScrollButtons_();
    if (focused >= 0) this.restoreFocus_(hadFocusOn, focused, onWhy);
    else this.row_.scrollTo({ left: 0, behavior: 'instant' });
  }

  /** Marks the cards of watched movies as pressed. */
  mark(watchedIds) {
    const watched = new Set(watchedIds);
    for (const [id, card] of this.cards_)
      card.firstChild.setAttribute('aria-pressed', String(watched.has(id)));
  }

  /** Marks the "Why this?" of one movie as open, of all others as closed. */
  expand(id) {
    for (const [one, card] of this.cards_)
      card.querySelector('.why-button').setAttribute('aria-expanded', String(one === id));
  }

  /** Moves only what is not in its place: a card that moves loses focus and restarts. */
  place_(card, at) {
    if (this.row_.children[at] !== card)
      this.row_.insertBefore(card, this.row_.children[at] ?? null);
  }

  card_(movie) {
    const button = element(
      'button',
      { type: 'button', className: 'card' },
      poster(movie),
      element('span', { className: 'card-genres' }, genresOf(movie)),
    );
    button.title = `${movie.title} (${[movie.year, ...movie.genres].filter(Boolean).join(', ')})`;
    button.addEventListener('click', () => this.onPick_(movie));
    const item = element('li', { className: 'cell is-new' }, button);
    if (this.onWhy_) item.append(this.whyButton_(movie));
    item.addEventListener('animationend', () => item.classList.remove('is-new'));
    item.dataset.itemId = movie.id;
    return item;
  }

  whyButton_({ id, title }) {
    const about = element('span', { className: 'visually-hidden' }, ` ${title}`);
    const button = element('button', { type: 'button', className: 'why-button' }, 'Why this?', about);
    button.setAttribute('aria-expanded', 'false');
    button.setAttribute('aria-controls', 'why');
    button.addEventListener('click', () => this.onWhy_(this.movies_.get(id)));
    return button;
  }

  focusedIndex_() {
    return [...this.cards_.values()].findIndex((card) => card.contains(document.activeElement));
  }

  idAt_(index) {
    return [...this.cards_.keys()][index];
  }

  /** To the same movie if it is still here, else to the one in its place, else to the shelf. */
  restoreFocus_(id, index, onWhy) {
    const cards = [...this.cards_.values()];
    const target = this.cards_.get(id) ?? cards[Math.min(index, cards.length - 1)];
    const button = onWhy ? target?.lastChild : target?.firstChild;
    (button ?? this.section_).focus({ preventScroll: target !== undefined });
  }

  moveWithArrows_(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const target = [...this.cards_.values()][this.focusedIndex_() + (step ?? NaN)];
    if (!target || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const onWhy = document.activeElement.classList.contains('why-button');
    (onWhy ? target.lastChild : target.firstChild).focus();
  }

  /** For the mouse only: the keyboard reaches every card by itself. */
  scrollButton_(name, way) {
    const arrow = svg(
      'svg',
      { viewBox: '0 0 24 24' },
      svg('path', { d: way < 0 ? 'M15 5l-7 7 7 7' : 'M9 5l7 7-7 7' }),
    );
    const button = element(
      'button',
      { type: 'button', className: `scroll scroll-${name}`, tabIndex: -1 },
      arrow,
    );
    button.setAttribute('aria-hidden', 'true');
    button.addEventListener('click', () =>
      this.row_.scrollBy({ left: way * this.row_.clientWidth * 0.8 }),
    );
    return button;
  }

  showScrollButtons_() {
    const { scrollLeft, scrollWidth, clientWidth } = this.row_;
    const [back, on] = this.scrollButtons_;
    back.hidden = scrollLeft < 8;
    on.hidden = scrollLeft > scrollWidth - clientWidth - 8;
  }
}

/** The badge of a promoted movie, the promotion's name. */
function showPromotion(card, { promotionName }) {
  const badge = card.querySelector('.promoted');
  badge.hidden = promotionName === undefined;
  badge.lastChild.textContent = promotionName ?? '';
}

function poster(movie) {
  const check = svg(
    'svg',
    { class: 'check', viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    svg('path', { d: 'M5 12.5l4.5 4.5L19 7.5' }),
  );
  return element(
    'span',
    { className: 'poster' },
    drawPoster(movie),
    element(
      'span',
      { className: 'poster-words' },
      element('span', { className: 'poster-year' }, movie.year),
      element('span', { className: 'poster-title' }, movie.title),
    ),
    check,
    element(
      'span',
      { className: 'promoted', hidden: true },
      element('span', { className: 'visually-hidden' }, 'Promoted: '),
      element('span', {}),
    ),
  );
}

function genresOf({ genres }) {
  return genres.slice(0, GENRES_SHOWN).join(', ') || '\u00a0';
}
