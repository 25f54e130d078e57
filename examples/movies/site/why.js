// The answer to "Why this?": one panel below the shelf, about one movie of it.

import { element, svg } from './dom.js';
import { drawPoster } from './poster.js';
import { reasonsFor } from './reasons.js';

/**
 * `rules()` says what was asked of the list (see reasons.js); `onClose()` runs when the panel closes.
 */
export function createWhyPanel(panel, { titleOf, rules, onClose }) {
  let about; // id of the movie
  const close = () => {
    if (about === undefined) return;
    about = undefined;
    panel.hidden = true;
    panel.replaceChildren();
    onClose();
  };
  const open = (movie) => {
    about = movie.id;
    panel.replaceChildren(...contents(movie, titleOf, rules(), closeAndReturn));
    panel.hidden = false;
  };
  /** The focus goes back to the button that opened the panel. */
  const closeAndReturn = () => {
    const opener = document.querySelector('.why-button[aria-expanded="true"]');
    close();
    opener?.focus();
  };
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && about !== undefined) closeAndReturn();
  });
  return {
    /** Opens the panel, or closes it when it is about this movie; returns what it is about now. */
    toggle(movie) {
      if (about === movie.id) close();
      else open(movie);
      return about;
    },
    /** Another list: the panel stays with its movie, and goes with it. */
    follow(movies) {
      const still = movies.find(({ id }) => id === about);
      if (still) open(still);
      else close();
    },
  };
}

function contents(movie, titleOf, rules, onClose) {
  const heading = element('h3', { id: 'why-heading' }, `Why ${movie.title}?`);
  const close = element('button', { type: 'button', className: 'remove' }, cross());
  close.setAttribute('aria-label', 'Close');
  close.addEventListener('click', onClose);
  const sentences = element(
    'p',
    { className: 'why-words' },
    reasonsFor(movie, titleOf, rules).join(' '),
  );
  sentences.setAttribute('role', 'status');
  const words = element('div', { className: 'why-text' }, heading, sentences);
  const { events } = movie.because;
  if (events.length > 0) words.append(bars(events, titleOf));
  return [element('span', { className: 'thumb' }, drawPoster(movie)), words, close];
}

/** How much each watched movie adds to the score, by the one that adds most. */
function bars(events, titleOf) {
  const list = element('ul', { className: 'why-events' });
  list.setAttribute('aria-label', 'What you watched, by how much it adds');
  const most = events[0].contribution;
  list.append(
    ...events.map(({ itemId, contribution }) =>
      element(
        'li',
        {},
        bar(contribution / most),
        element('span', { className: 'why-title' }, titleOf(itemId)),
      ),
    ),
  );
  return list;
}

function bar(share) {
  return svg(
    'svg',
    { viewBox: '0 0 100 8', preserveAspectRatio: 'none', class: 'bar', 'aria-hidden': 'true' },
    svg('rect', { width: 100, height: 8, class: 'bar-ground' }),
    svg('rect', { width: (100 * share).toFixed(1), height: 8, class: 'bar-share' }),
  );
}

function cross() {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    svg('path', { d: 'M7 7l10 10M17 7L7 17' }),
  );
}
