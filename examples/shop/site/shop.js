// The shop behind the page: its products, what the visitor did, and every list, asked of three bundles. This is the
// file to copy; nothing in it knows the page.

import { load } from './attune/index.js';

const COLUMNS = ['TITLE', 'CATEGORY_L1', 'CATEGORY_L2', 'PRICE', 'GENDER', 'PROMOTED', 'STOCK', 'CREATION_TIMESTAMP', 'PRODUCT_DESCRIPTION'];
const NEW_SECONDS = 30 * 86_400;
const OFFERS_PERCENT = 20;
const EXPLORATION = 0.1; // bold enough for a shop with so many new things; Amazon Personalize's default is 0.3
const FEW = 5; // pieces

export async function openShop(userId) {
  const [forYou, related, popular] = await Promise.all(
    ['user-personalization', 'sims', 'popularity-count'].map((name) => load(`models/${name}.attune`)),
  );
  const session = forYou.session({ userId });
  await session.ready; // the first list shall know the last visit
  return new Shop({ forYou, related, popular, session });
}

class Shop {
  /** What the visitor asked of every list; call `setRules` to change it. */
  rules = { inStock: true, max: Infinity, audience: '', tryNew: true };
  #parts;
  #products = new Map();
  #seed = crypto.getRandomValues(new Uint32Array(1))[0]; // of this visit: places of offers and of new things stay
  #onChange = () => {};

  constructor(parts) {
    this.#parts = parts;
    const now = Date.now() / 1000;
    for (const id of parts.forYou.itemIds()) this.#products.set(id, product(parts.forYou.item(id, COLUMNS), now));
    this.dearest = Math.ceil(Math.max(...this.products().map(({ price }) => price)) / 10) * 10;
  }

  set onChange(listener) {
    this.#onChange = listener;
  }

  products() {
    return [...this.#products.values()];
  }

  product(id) {
    return this.#products.get(id);
  }

  /** Departments with their styles, both by the alphabet. */
  departments() {
    const found = new Map();
    for (const { department, style } of this.products())
      found.set(department, (found.get(department) ?? new Set()).add(style));
    return [...found].sort().map(([name, styles]) => ({ name, styles: [...styles].sort() }));
  }

  setRules(rules) {
    Object.assign(this.rules, rules);
    if ('audience' in rules) this.#parts.session.setAttributes({ GENDER: rules.audience || null });
    this.#onChange();
  }

  // ---- what the visitor does: each acts on the very next list

  /** `recommendationId` is that of the list where it was found, if it was one. */
  look(itemId, recommendationId) {
    this.#record('View', itemId, recommendationId);
  }

  putIntoBag(itemId, recommendationId) {
    this.#record('AddToCart', itemId, recommendationId);
  }

  buyBag() {
    for (const { id } of this.bag()) this.#parts.session.record({ eventType: 'Purchase', itemId: id });
    this.#onChange();
  }

  forget() {
    this.#parts.session.clear();
    this.#onChange();
  }

  #record(eventType, itemId, recommendationId) {
    this.#parts.session.record({ eventType, itemId, recommendationId });
    this.#onChange();
  }

  /** Products put into the bag and not bought since. */
  bag() {
    const ids = new Set();
    for (const { eventType, itemId } of this.#parts.session.history) {
      if (eventType === 'AddToCart') ids.add(itemId);
      if (eventType === 'Purchase') ids.delete(itemId);
    }
    return this.#known([...ids]);
  }

  /** Whether the visitor did anything yet. */
  get isKnown() {
    return this.#parts.session.history.length > 0;
  }

  /** Products looked at, the latest first, each once. */
  seen() {
    const views = this.#parts.session.history.filter(({ eventType }) => eventType === 'View');
    return this.#known([...new Set(views.map(({ itemId }) => itemId).reverse())]);
  }

  #known(ids) {
    return ids.map((id) => this.#products.get(id)).filter((found) => found !== undefined);
  }

  // ---- lists: { recommendationId, products, milliseconds }

  /** For this visitor: a fifth of it offers, and new products tried out where the visitor allows it. */
  forYou(numResults) {
    return this.#list(() => this.#parts.session.getRecommendations(this.#forYouOptions(numResults)));
  }

  /** Why a product is in the list forYou(numResults) of this moment: `because`, see the package's README. */
  whyForYou(itemId, numResults) {
    const { itemList } = this.#parts.session.getRecommendations({ ...this.#forYouOptions(numResults), explain: true });
    return itemList.find((item) => item.itemId === itemId)?.because;
  }

  #forYouOptions(numResults) {
    const filterValues = this.#filterValues();
    return {
      numResults,
      filter: 'for-you',
      filterValues,
      promotions: [{ name: 'Offers', percentPromotedItems: OFFERS_PERCENT, filter: 'offers', filterValues }],
      explorationWeight: this.rules.tryNew ? EXPLORATION : 0,
      maxPerValue: { column: 'CATEGORY_L2', count: 4 },
      seed: this.#seed,
    };
  }

  /** What came in the last 30 days, the most fitting first. */
  justIn(numResults) {
    const options = { numResults, filter: 'just-in', filterValues: this.#filterValues() };
    return this.#list(() => this.#parts.session.getRecommendations(options));
  }

  /** What most people had in the last week; the same for everybody. */
  popularNow(numResults) {
    const options = { numResults, filter: 'available', filterValues: this.#filterValues() };
    return this.#list(() => this.#parts.popular.session().getRecommendations(options));
  }

  related(itemId, numResults) {
    if (!this.#parts.related.has(itemId)) return { products: [], milliseconds: 0 };
    const options = { numResults, filter: 'available', filterValues: this.#filterValues() };
    return this.#list(() => this.#parts.related.similarItems(itemId, options));
  }

  /** All products of a department that the rules let pass, in this visitor's order. */
  ranked(department) {
    const { stock, max } = this.#filterValues();
    const inputList = this.products()
      .filter((one) => one.department === department && one.stock >= stock && one.price <= max)
      .map(({ id }) => id);
    if (inputList.length === 0) return { products: [], milliseconds: 0 };
    return this.#list(() => {
      const { recommendationId, personalizedRanking } = this.#parts.session.getPersonalizedRanking({ inputList });
      return { recommendationId, itemList: personalizedRanking };
    });
  }

  #filterValues() {
    return { stock: this.rules.inStock ? 1 : 0, max: Math.min(this.rules.max, this.dearest) };
  }

  #list(ask) {
    const start = performance.now();
    const { recommendationId, itemList } = ask();
    const milliseconds = performance.now() - start;
    const products = itemList.map(({ itemId, promotionName, reason }) => ({
      ...this.#products.get(itemId),
      promoted: promotionName !== undefined,
      explored: reason?.includes('Exploration') ?? false,
    }));
    return { recommendationId, products, milliseconds };
  }
}

function product({ itemId, metadata }, now) {
  const stock = Number(metadata.STOCK);
  return {
    id: itemId,
    title: metadata.TITLE,
    department: metadata.CATEGORY_L1,
    style: metadata.CATEGORY_L2,
    price: Number(metadata.PRICE),
    description: metadata.PRODUCT_DESCRIPTION,
    audience: { F: 'for women', M: 'for men' }[metadata.GENDER] ?? '',
    offer: metadata.PROMOTED === 'Y',
    stock,
    few: stock > 0 && stock <= FEW,
    isNew: now - Number(metadata.CREATION_TIMESTAMP) < NEW_SECONDS,
  };
}
