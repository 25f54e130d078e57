// The service worker: keeps every file of the site, so that the page works offline.
// precache.js, written when the site is put together, sets `self.precache = { version, files }`.

const LIST = './precache.js';
const { trustedTypes } = self;
importScripts(
  trustedTypes
    ? trustedTypes
        .createPolicy('attune-precache', { createScriptURL: () => LIST })
        .createScriptURL('')
    : LIST,
);

const { version, files } = self.precache;
const PREFIX = 'attune-movies-';
const CACHE = PREFIX + version;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && new URL(url).origin === self.location.origin)
    event.respondWith(answer(event.request));
});

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(files.map((file) => new Request(file, { cache: 'no-cache' })));
  await self.skipWaiting();
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(
    names
      .filter((name) => name.startsWith(PREFIX) && name !== CACHE)
      .map((name) => caches.delete(name)),
  );
  await self.clients.claim();
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}
