// A static file server for the demo, on 127.0.0.1 only, with the headers a careful host would send.
// Usage: node serve.mjs FOLDER [--port N]     (a taken port: the next free one; 0: any)

import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const HOST = '127.0.0.1';
const PORTS_TRIED = 20;
const DRAIN_MS = 2000;

const MIME_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.attune': 'application/octet-stream',
};

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
]; // best first; the file beside is sent as it is

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "require-trusted-types-for 'script'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const COMMON_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin', // these two isolate the page: its clock then
  'Cross-Origin-Embedder-Policy': 'require-corp', // resolves microseconds, which it shows
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache', // keep, but ask: the answer is mostly 304
};

const NOT_FOUND_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Not found</title>
<h1>Not found</h1>
<p>There is no such page here. <a href="/">Back to the movies</a></p>
</html>
`;

/**
 * An HTTP server (not yet listening) for the files under `root`; pages may talk to `collector` too, an
 * origin, once there is one.
 */
export function createStaticServer(root, { collector = () => undefined } = {}) {
  const handle = async (request, response) => {
    try {
      if (collector()) allow(response, collector());
      await answer(root, request, response);
    } catch (error) {
      console.error(`serve: ${request.method} ${request.url}: ${error.message}`);
      if (!response.headersSent) sendText(response, request, 500, 'Internal error\n');
      else response.destroy();
    }
  };
  return createServer((request, response) => void handle(request, response));
}

/** Has every header of this answer's policy name the collector: writeHead() keeps what is set here. */
function allow(response, collector) {
  const policy = CONTENT_SECURITY_POLICY.replace("connect-src 'self'", `connect-src 'self' ${collector}`);
  const write = response.writeHead.bind(response);
  response.writeHead = (status, headers) =>
    write(status, { ...headers, 'Content-Security-Policy': policy });
}

async function answer(root, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendText(response, request, 405, 'Only GET and HEAD\n', { Allow: 'GET, HEAD' });
  }
  const path = await findFile(root, request.url);
  if (path === undefined) return sendPage(response, request, 404, NOT_FOUND_PAGE);
  return sendFile(response, request, path, await pickEncoding(path, request.headers));
}

/** The real path of the file a URL names, or undefined: nothing outside `root` is ever named. */
async function findFile(root, url) {
  const parts = pathParts(url);
  if (parts === undefined) return undefined;
  const real = await realpath(join(root, ...parts)).catch(() => undefined);
  const realRoot = await realpath(root);
  if (real === undefined || (real !== realRoot && !real.startsWith(realRoot + sep)))
    return undefined;
  const info = await stat(real);
  if (info.isFile()) return url.split('?', 1)[0].endsWith('/') ? undefined : real;
  const index = join(real, 'index.html');
  return parts.length === 0 && (await isFile(index)) ? index : undefined;
}

function pathParts(url) {
  let path;
  try {
    path = decodeURIComponent(url.split('?', 1)[0]);
  } catch {
    return undefined;
  }
  if (!path.startsWith('/') || /[\0\\]/u.test(path)) return undefined;
  const parts = path.split('/').filter((part) => part !== '');
  return parts.some((part) => part.startsWith('.')) ? undefined : parts;
}

async function isFile(path) {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}

async function pickEncoding(path, headers) {
  const accepted = acceptedEncodings(headers['accept-encoding'] ?? '');
  for (const [name, suffix] of ENCODINGS) {
    if (accepted.has(name) && (await isFile(path + suffix))) return { name, suffix };
  }
  return undefined;
}

function acceptedEncodings(header) {
  const accepted = new Set();
  for (const entry of header.toLowerCase().split(',')) {
    const [name, ...parameters] = entry.split(';').map((text) => text.trim());
    if (!parameters.some((text) => /^q=0(\.0*)?$/u.test(text))) accepted.add(name);
  }
  return accepted;
}

async function sendFile(response, request, path, encoding) {
  const body = await readFile(path + (encoding?.suffix ?? ''));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = { ...COMMON_HEADERS, ETag: etag, Vary: 'Accept-Encoding' };
  if (matches(request.headers['if-none-match'], etag))
    return response.writeHead(304, headers).end();
  headers['Content-Type'] = MIME_TYPES[extname(path)] ?? 'application/octet-stream';
  headers['Content-Length'] = body.length;
  if (encoding) headers['Content-Encoding'] = encoding.name;
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body);
}

function matches(ifNoneMatch, etag) {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//u, ''));
  return tags.includes(etag) || tags.includes('*');
}

function sendPage(response, request, status, html) {
  sendText(response, request, status, html, { 'Content-Type': MIME_TYPES['.html'] });
}

function sendText(response, request, status, text, extra = {}) {
  const headers = {
    ...COMMON_HEADERS,
    'Content-Type': MIME_TYPES['.txt'],
    'Content-Length': Buffer.byteLength(text),
    ...extra,
  };
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : text);
}

/** Listens on `port` or, while ports are taken, on one of the next; resolves to the one it got. */
export async function listen(server, port) {
  const last = port === 0 ? 0 : Math.min(port + PORTS_TRIED - 1, 65535);
  for (let candidate = port; ; ++candidate) {
    try {
      return await listenOn(server, candidate);
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || candidate >= last) throw error;
      console.log(`Port ${candidate} is taken; trying ${candidate + 1}.`);
    }
  }
}

function listenOn(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve(server.address().port);
    });
  });
}

/** Lets running answers finish, then closes; connections still open after a while are cut. */
function stopOnSignals(server) {
  const stop = () => {
    server.close();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
}

function parseArguments(args) {
  const [root, flag, value, ...rest] = args;
  const port = flag === undefined ? 8080 : Number(value);
  const portIsGood = /^\d+$/u.test(value ?? '8080') && port <= 65535;
  const flagIsGood = flag === undefined || (flag === '--port' && value !== undefined);
  return root !== undefined && flagIsGood && portIsGood && rest.length === 0
    ? { root, port }
    : undefined;
}

async function main(args) {
  const options = parseArguments(args);
  if (!options) throw new Error('usage: node serve.mjs FOLDER [--port 0..65535]');
  if (!(await isFile(join(options.root, 'index.html'))))
    throw new Error(`${options.root}: no index.html in it`);
  const server = createStaticServer(options.root);
  stopOnSignals(server);
  const port = await listen(server, options.port);
  console.log(`Attune movies: http://${HOST}:${port}/  (Ctrl-C stops it)`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(`serve: ${error.message}`);
    process.exit(2);
  });
}
