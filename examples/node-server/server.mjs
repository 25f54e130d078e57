// A shop whose pages are rendered on the server, recommendations included: the browser needs no script.
// Usage: node server.mjs BUNDLE [PORT]     (8080; 0: any free one)
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { load } from 'attune';

const [bundle, port = '8080'] = process.argv.slice(2);
if (!bundle || !/^\d{1,5}$/.test(port)) {
  console.error('server.mjs: it takes a bundle and a port: node server.mjs shop.attune 8080');
  process.exit(2);
}
const recommender = await load(bundle).catch((error) => {
  console.error(`server.mjs: ${error.message}`);
  process.exit(2);
});

const columns = recommender.columns.map(({ name }) => name);
const metadataColumns = { ITEMS: columns.filter((name) => ['TITLE', 'PRICE'].includes(name)) };
const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const titleOf = ({ itemId, metadata }) => escaped(metadata.TITLE ?? itemId);

const kStyle = `body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem;color:#1c2430;background:#fff}
ul{list-style:none;padding:0;display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}
li{border:1px solid #c9d1db;border-radius:.5rem;padding:1rem}a{color:#0b4fa8}`;
const kHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(kStyle).digest('base64')}'; img-src data:`,
  'cache-control': 'private, no-store', // each visitor's page is another
};

const shelf = (id, heading, itemList) =>
  `<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2><ul role="list">${itemList
    .map((item) => `<li><a href="/items/${encodeURIComponent(item.itemId)}">${titleOf(item)}</a> ${escaped(item.metadata.PRICE ?? '')}</li>`)
    .join('')}</ul></section>`;

const page = (heading, body) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>${heading}</title><link rel="icon" href="data:,"><style>${kStyle}</style>
<main><h1>${heading}</h1>${body}</main></html>`;

/** Status and page for a path; a visit of an item counts in the very next list. */
function answer(path, session) {
  const itemId = path.startsWith('/items/') ? decodeURIComponent(path.slice('/items/'.length)) : undefined;
  const item = itemId ? recommender.item(itemId, metadataColumns.ITEMS) : undefined;
  if (path !== '/' && !item) return [404, page('Not found', '<p><a href="/">Back to the shop</a></p>')];
  if (item) session.record({ itemId, eventType: 'View' });
  const similar = item ? recommender.similarItems(itemId, { numResults: 6, metadataColumns }).itemList : [];
  const shown = new Set(similar.map((other) => other.itemId));
  const { itemList } = session.getRecommendations({ numResults: 12, metadataColumns }); // 6 remain beside the similar ones
  const rest = itemList.filter((other) => !shown.has(other.itemId)).slice(0, 6);
  const forYou = shelf('you', session.history.length ? 'For you' : 'Popular now', rest);
  if (!item) return [200, page('Shop', forYou)];
  return [200, page(titleOf(item), `<p><a href="/">Shop</a></p>${shelf('like', 'Similar', similar)}${forYou}`)];
}

const server = createServer(async ({ method, url, headers }, response) => {
  if (method !== 'GET') return response.writeHead(405, { allow: 'GET' }).end();
  const known = /(?:^|;\s*)visitor=([\w-]{36})(?:;|$)/.exec(headers.cookie ?? '')?.[1];
  const visitor = known ?? randomUUID();
  const session = recommender.session({ userId: visitor }); // kept in memory; `store` may be a database
  try {
    await session.ready;
    const [status, html] = answer(url.split('?')[0], session);
    const cookie = known ? {} : { 'set-cookie': `visitor=${visitor}; Path=/; HttpOnly; SameSite=Lax` };
    return response.writeHead(status, { ...kHeaders, ...cookie }).end(html);
  } catch (error) {
    // An address that cannot be decoded, or an id that is none, is the visitor's mistake.
    const isTheirs = error instanceof URIError || error.code === 'INVALID_ARGUMENT';
    if (!isTheirs) console.error(error);
    return response.writeHead(isTheirs ? 400 : 500, kHeaders).end(page('This did not work', ''));
  } finally {
    session.dispose(); // what is not stored yet will be
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
