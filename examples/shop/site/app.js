// The page: which view is shown, and that it is shown anew whenever the visitor did something.

import { capital } from './cards.js';
import { element } from './dom.js';
import { openShop } from './shop.js';
import { bag, department, home, missing, product } from './views.js';

const byId = (id) => document.getElementById(id);
const VIEWS = new Map([
  ['', home],
  ['department', department],
  ['product', product],
  ['bag', bag],
]);

function currentView(shop) {
  const [name, value] = location.hash.replace(/^#\/?/u, '').split('/');
  const view = VIEWS.get(name);
  try {
    return view ? view(shop, value === undefined ? undefined : decodeURIComponent(value)) : missing();
  } catch (error) {
    if (error instanceof URIError) return missing();
    throw error;
  }
}

/** Shows the view of the address; the focus stays with what it was on, or goes to that one's shelf. */
function show(shop) {
  const active = document.activeElement;
  const { key } = active.dataset;
  const shelfId = active.closest('.shelf')?.id;
  const { title, parts } = currentView(shop);
  byId('view').replaceChildren(...parts);
  document.title = `${title} · Fernway`;
  const inBag = shop.bag().length;
  byId('bag-count').textContent = inBag === 0 ? 'Bag' : `Bag (${inBag})`;
  byId('forget').hidden = !shop.isKnown;
  for (const link of document.querySelectorAll('#departments a'))
    link.toggleAttribute('aria-current', link.getAttribute('href') === location.hash);
  if (key === undefined) return;
  const same = [...document.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key && !one.disabled);
  (same ?? document.getElementById(`${shelfId}-heading`) ?? document.querySelector('h1')).focus({ preventScroll: true });
}

function say(text) {
  byId('status').textContent = text;
}

function connectRules(shop) {
  const [inStock, tryNew, audience, max] = ['in-stock', 'try-new', 'audience', 'max'].map(byId);
  max.max = String(shop.dearest);
  max.value = max.max;
  // Prices crowd at the low end: the slider moves by the square.
  const limit = () => Math.round((max.valueAsNumber / shop.dearest) ** 2 * shop.dearest);
  const apply = () => {
    const most = limit();
    byId('max-said').textContent = most >= shop.dearest ? 'any' : `€${most}`;
    shop.setRules({ inStock: inStock.checked, tryNew: tryNew.checked, audience: audience.value, max: most });
    say('The shelves follow your rules.');
  };
  for (const control of [inStock, tryNew, audience]) control.addEventListener('change', apply);
  max.addEventListener('input', apply);
  byId('forget').addEventListener('click', () => {
    shop.forget();
    say('Forgotten.');
    document.querySelector('h1').focus();
  });
}

function listDepartments(shop) {
  const links = shop.departments().map(({ name }) => element('li', {}, element('a', { href: `#/department/${name}` }, capital(name))));
  byId('departments').replaceChildren(...links);
}

async function main() {
  const shop = await openShop('visitor');
  shop.onChange = () => show(shop);
  listDepartments(shop);
  connectRules(shop);
  addEventListener('hashchange', () => {
    show(shop);
    scrollTo(0, 0);
    document.querySelector('h1').focus({ preventScroll: true });
  });
  shop.forYou(1); // compiles what the first list needs, so that it is as quick as the next
  show(shop);
  byId('facts').textContent = `${shop.products().length} products, three bundles, answered by Attune in WebAssembly in this page.`;
  document.documentElement.dataset.ready = '';
}

main().catch((error) => {
  console.error(error);
  const failure = element('p', { className: 'failure', role: 'alert' }, `The shelves could not be made: ${error.message}`);
  byId('view').replaceChildren(failure);
});
