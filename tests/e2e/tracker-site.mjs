// A page with the tracker, and a collector on another origin that keeps to the wire form: both on free
// ports of 127.0.0.1, with faults to order.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../js/dist/', import.meta.url));
const PAGE = '<!doctype html><meta charset="utf-8"><title>Tracker</title><link rel="icon" href="data:,">';
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Retry-After',
};

/** Listens on a free port; the origin. */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

function stop(server) {
  server.close();
  server.closeAllConnections();
}

/** Serves an empty page and the package's files. */
export async function startSite() {
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://site').pathname.slice(1);
    if (!/^[\w-]+\.(js|wasm|attune)$/.test(name)) {
      response.setHeader('Content-Type', 'text/html');
      return response.end(PAGE);
    }
    const type = name.endsWith('.js') ? 'text/javascript' : 'application/wasm';
    response.setHeader('Content-Type', type);
    return response.end(readFileSync(dist + name));
  });
  return { url: await listen(server), stop: () => stop(server) };
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** A collector: keeps every event once, and what was sent. */
export class FakeCollector {
  /** Events in the order they came first, and how often any came. */
  events = [];
  received = 0;
  dropped = 0;
  requests = [];
  preflights = 0;
  /** Instead of an answer: a function of (request, response), or 'hang'. */
  fault;
  #seen = new Set();
  #server;

  async start() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.url = await listen(this.#server);
    return this;
  }

  stop() {
    stop(this.#server);
  }

  async #answer(request, response) {
    if (request.method === 'OPTIONS') this.preflights++;
    const text = await bodyOf(request).catch(() => undefined); // a page that was killed while sending
    if (text === undefined) return;
    this.requests.push({ path: request.url, type: request.headers['content-type'], bytes: Buffer.byteLength(text) });
    if (this.fault === 'hang') return;
    if (this.fault) return void this.fault(request, response);
    const { events, dropped = 0 } = JSON.parse(text);
    this.dropped += dropped;
    const results = events.map((event) => ({ eventId: event.eventId, status: this.#take(event) }));
    response.writeHead(200, { ...CORS, 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ accepted: events.length, results }));
  }

  #take(event) {
    this.received++;
    if (this.#seen.has(event.eventId)) return 'duplicate';
    this.#seen.add(event.eventId);
    this.events.push(event);
    return 'stored';
  }
}

/** A fault: this status with these headers. */
export const answering = (status, headers = {}, body = { __type: 'X', message: 'no' }) =>
  (_request, response) => {
    response.writeHead(status, { ...CORS, 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
