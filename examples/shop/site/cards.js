// Shelves of product cards, as the views use them.

import { drawing, tintOf } from './drawings.js';
import { element, svg } from './dom.js';
import { whyPanel } from './why.js';

const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });
export const price = (value) => money.format(value);
export const words = (name) => name.replaceAll('-', ' ');
export const capital = (name) => words(name).replace(/^./u, (letter) => letter.toUpperCase());

/**
 * A section with a heading and a grid of cards. `name` makes keys unique on the page; `why`, if given, answers
 * `because` of a product.
 */
export function shelf(shop, { name, heading, note, list, row = false, why, empty }) {
  const id = `${name}-heading`;
  const head = element('div', { className: 'shelf-head' }, element('h2', { id, tabIndex: -1 }, heading));
  if (note) head.append(element('p', { className: 'note' }, note));
  const cards = list.products.map((product) => card(shop, product, { name, recommendationId: list.recommendationId, why }));
  const grid = element('ul', { className: row ? 'grid grid-row' : 'grid', 'aria-labelledby': id }, ...cards);
  const section = element('section', { className: 'shelf', id: name, 'aria-labelledby': id }, head);
  section.append(cards.length > 0 ? grid : element('p', { className: 'empty' }, empty ?? 'Nothing here fits what you ask for. Try a higher price.'));
  return section;
}

function card(shop, product, { name, recommendationId, why }) {
  const key = `${name}/${product.id}`;
  const picture = element('span', { className: `picture ${tintOf(product)}` }, drawing(product), ...badges(product));
  const link = element(
    'a',
    { className: 'card-link', href: `#/product/${encodeURIComponent(product.id)}` },
    picture,
    element('span', { className: 'card-title' }, product.title),
    element('span', { className: 'card-facts' }, [capital(product.style), product.audience].filter(Boolean).join(' · ')),
  );
  link.dataset.key = `${key}/link`;
  link.addEventListener('click', () => shop.look(product.id, recommendationId));
  const foot = element('div', { className: 'card-foot' }, element('span', { className: 'price' }, price(product.price)));
  if (why) foot.append(whyPanel.button(product, { key: `${key}/why`, why }));
  foot.append(bagButton(shop, product, { key: `${key}/bag`, recommendationId }));
  const cell = element('li', { className: 'card' }, link, foot);
  cell.dataset.itemId = product.id;
  return cell;
}

function badges(product) {
  const found = [];
  if (product.promoted || product.offer) found.push(['badge badge-offer', 'Offer']);
  if (product.explored) found.push(['badge badge-try', 'New, for you to try']);
  else if (product.isNew) found.push(['badge', 'New']);
  if (product.stock === 0) found.push(['badge', 'Sold out']);
  else if (product.few) found.push(['badge', `Only ${product.stock} left`]);
  return found.length === 0 ? [] : [element('span', { className: 'badges' }, ...found.slice(0, 2).map(([className, text]) => element('span', { className }, text)))];
}

/** Puts a product into the bag; says so where it is. */
export function bagButton(shop, product, { key, recommendationId, long = false }) {
  const isIn = shop.bag().some(({ id }) => id === product.id);
  const text = product.stock === 0 ? 'Sold out' : isIn ? 'In your bag' : 'Add to bag';
  const button = element(
    'button',
    { type: 'button', className: long ? 'button' : 'round-button', disabled: product.stock === 0 || isIn },
    long ? text : svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: isIn ? 'M5 13l5 5 9-11' : 'M12 5v14M5 12h14' })),
  );
  if (!long) button.setAttribute('aria-label', `${text}: ${product.title}`);
  button.dataset.key = key;
  button.addEventListener('click', () => shop.putIntoBag(product.id, recommendationId));
  return button;
}
