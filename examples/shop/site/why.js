// "Why?" on a card: a sentence that unfolds below it. Imports only dom.js.

import { element } from './dom.js';

const SENTENCES = {
  popular: () => 'Many people like it. Look at something, and this shelf will be about you.',
  promoted: () => 'It is an offer: a fifth of this shelf is kept for offers, the best fitting ones first.',
  explored: () => 'It is new, and nobody knows yet who likes it: this shelf tries it out.',
  events: ({ events }, titleOf) => `Because of ${list(events.map(({ itemId }) => titleOf(itemId)))}.`,
};

/** "A", "A and B", "A, B and C". */
const list = (titles) => (titles.length < 2 ? titles.join('') : `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`);

function sentence(because, itemId, titleOf) {
  if (!because) return 'The list has changed since.';
  const kind = because.kind === 'events' && because.events.length === 0 ? 'popular' : because.kind;
  const isOnly = because.events.length === 1 && because.events[0].itemId === itemId;
  if (kind === 'events' && isOnly) return 'Because you looked at it before.';
  return SENTENCES[kind](because, (id) => (id === itemId ? 'this very product' : titleOf(id)));
}

export const whyPanel = {
  /** `why` is `{ because(itemId), titleOf(itemId) }`. */
  button(product, { key, why }) {
    const button = element('button', { type: 'button', className: 'why', 'aria-expanded': false, 'aria-label': `Why ${product.title}?` }, 'Why?');
    button.dataset.key = key;
    button.addEventListener('click', () => {
      const cell = button.closest('.card');
      const open = cell.querySelector('.why-words');
      button.setAttribute('aria-expanded', String(!open));
      if (open) return open.remove();
      cell.append(element('p', { className: 'why-words', role: 'status' }, sentence(why.because(product.id), product.id, why.titleOf)));
    });
    return button;
  },
};
