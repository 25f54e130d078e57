// The pages of the shop. Each is a function from the shop to { title, parts }: the first part has the h1.

import { bagButton, capital, price, shelf, words } from './cards.js';
import { element } from './dom.js';
import { drawing, tintOf } from './drawings.js';

const FOR_YOU = 10;
const ROW = 5;

const h1 = (...text) => element('h1', { tabIndex: -1 }, ...text);
const counted = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

function took(milliseconds) {
  const time = milliseconds < 0.1 ? 'under 0.1' : milliseconds.toFixed(1);
  return `made on this device in ${time} ms`;
}

/** Without the product that the page is about; one more is asked for in its place. */
function forYou(shop, count = FOR_YOU, { without } = {}) {
  const numResults = without === undefined ? count : count + 1;
  const list = shop.forYou(numResults);
  list.products = list.products.filter(({ id }) => id !== without).slice(0, count);
  return shelf(shop, {
    name: 'for-you',
    heading: 'For you',
    note: took(list.milliseconds),
    list,
    why: { because: (id) => shop.whyForYou(id, numResults), titleOf: (id) => shop.product(id)?.title ?? id },
  });
}

const popularNow = (shop) =>
  shelf(shop, { name: 'popular-now', heading: 'Popular now', note: 'this week, with everybody', list: shop.popularNow(ROW), row: true });

const justIn = (shop) =>
  shelf(shop, { name: 'just-in', heading: 'Just in', note: 'from the last 30 days', list: shop.justIn(ROW), row: true });

export function home(shop) {
  const seen = shop.seen().length;
  const intro = element(
    'div',
    { className: 'hero' },
    h1('A shop that rearranges itself'),
    element('p', {}, seen === 0
      ? 'Look at something and every shelf follows at once. It happens in this page: nothing you do leaves your device.'
      : `You looked at ${counted(seen, 'product')}, and the shelves follow. Nothing of it has left your device.`),
  );
  if (seen === 0) return { title: 'Home', parts: [intro, popularNow(shop), forYou(shop), justIn(shop)] };
  return { title: 'Home', parts: [intro, forYou(shop), popularNow(shop), justIn(shop)] };
}

export function department(shop, name) {
  const found = shop.departments().find((one) => one.name === name);
  if (!found) return missing();
  const list = shop.ranked(name);
  const note = shop.seen().length > 0 ? `ranked for you, ${took(list.milliseconds)}` : 'ranked as most people would';
  const ranked = shelf(shop, { name: 'ranked', heading: `${list.products.length} products`, note, list });
  return { title: capital(name), parts: [element('div', { className: 'hero' }, h1(capital(name)), element('p', {}, found.styles.map(words).join(', '))), ranked] };
}

export function product(shop, id) {
  const one = shop.product(id);
  if (!one) return missing();
  const facts = [
    ['Department', capital(one.department)],
    ['Kind', capital(one.style)],
    ['Made', one.audience || 'for everybody'],
    ['Stock', one.stock === 0 ? 'sold out' : counted(one.stock, 'piece')],
  ];
  const text = element(
    'div',
    { className: 'product-text' },
    element('p', { className: 'crumbs' }, element('a', { href: '#/' }, 'Home'), ' / ', element('a', { href: `#/department/${one.department}` }, capital(one.department))),
    h1(one.title),
    element('p', { className: 'product-price' }, price(one.price), one.offer ? element('span', { className: 'badge badge-offer' }, 'Offer') : ''),
    element('p', {}, one.description),
    element('dl', { className: 'facts' }, ...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)))),
    bagButton(shop, one, { key: `product/${id}/bag`, long: true }),
  );
  const page = element('article', { className: 'product' }, element('div', { className: `product-picture ${tintOf(one)}` }, drawing(one)), text);
  const related = shelf(shop, {
    name: 'related', heading: 'Goes with it', note: 'what the same people had', list: shop.related(id, ROW), row: true,
    empty: 'Nothing is known yet of what goes with it.',
  });
  return { title: one.title, parts: [page, related, forYou(shop, ROW, { without: id })] };
}

export function bag(shop) {
  const inside = shop.bag();
  const hero = element('div', { className: 'hero' }, h1('Your bag'));
  if (inside.length === 0) {
    hero.append(element('p', {}, 'It is empty. '), element('p', {}, element('a', { href: '#/' }, 'Back to the shelves')));
    return { title: 'Your bag', parts: [hero, forYou(shop, ROW)] };
  }
  const rows = inside.map((one) =>
    element(
      'li',
      { className: 'bag-row' },
      element('span', { className: `bag-picture ${tintOf(one)}` }, drawing(one)),
      element('a', { href: `#/product/${encodeURIComponent(one.id)}` }, one.title),
      element('span', { className: 'price' }, price(one.price)),
    ),
  );
  const sum = inside.reduce((total, one) => total + one.price, 0);
  const buy = element('button', { type: 'button', className: 'button' }, `Buy for ${price(sum)}`);
  buy.dataset.key = 'buy';
  buy.addEventListener('click', () => shop.buyBag());
  hero.append(element('ul', { className: 'bag' }, ...rows), buy, element('p', { className: 'note' }, 'Nothing is sold here: it only counts in the next list.'));
  const last = inside.at(-1);
  const related = shelf(shop, { name: 'related', heading: `Goes with your ${last.title}`, list: shop.related(last.id, ROW), row: true, empty: 'Nothing is known yet of what goes with it.' });
  return { title: 'Your bag', parts: [hero, related, forYou(shop, ROW)] };
}

export function missing() {
  return { title: 'Not here', parts: [element('div', { className: 'hero' }, h1('There is no such thing here'), element('p', {}, element('a', { href: '#/' }, 'Back to the shelves')))] };
}
