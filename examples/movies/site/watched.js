// The list of watched movies, each with a button to take it back.

import { element, svg } from './dom.js';
import { drawPoster } from './poster.js';

/** `onRemove(movie)` and `onClear()` run on the buttons; `show(movies)` lists, latest first. */
export function createWatchedList(aside, { onRemove, onClear }) {
  const parts = {
    heading: aside.querySelector('h2'),
    count: aside.querySelector('.count'),
    list: aside.querySelector('.watched-list'),
    clear: aside.querySelector('#start-over'),
  };
  parts.clear.addEventListener('click', () => {
    onClear();
    parts.heading.focus();
  });
  const show = (movies) => {
    const focused = [...parts.list.children].findIndex((item) =>
      item.contains(document.activeElement),
    );
    parts.list.replaceChildren(...movies.map((movie) => entry(movie, onRemove)));
    parts.count.textContent = movies.length > 0 ? String(movies.length) : '';
    parts.clear.hidden = movies.length === 0;
    aside.classList.toggle('is-empty', movies.length === 0);
    if (focused >= 0) focusNear(parts, focused);
  };
  return { show };
}

/** After a removal the focus goes to the entry that moved up, or to the heading. */
function focusNear({ list, heading }, index) {
  const item = list.children[Math.min(index, list.children.length - 1)];
  (item?.querySelector('button') ?? heading).focus();
}

function entry(movie, onRemove) {
  const cross = svg(
    'svg',
    { viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    svg('path', { d: 'M7 7l10 10M17 7L7 17' }),
  );
  const remove = element('button', { type: 'button', className: 'remove' }, cross);
  remove.setAttribute('aria-label', `Remove ${movie.title}`);
  remove.addEventListener('click', () => onRemove(movie));
  const words = element(
    'span',
    { className: 'watched-words' },
    element('span', { className: 'watched-title' }, movie.title),
    element('span', { className: 'watched-year' }, movie.year),
  );
  return element(
    'li',
    { className: 'watched-item' },
    element('span', { className: 'thumb' }, drawPoster(movie)),
    words,
    remove,
  );
}
