// Requests to `attune serve` at a steady rate, whether answers come or not, and what their times say.
import { Agent, request } from 'node:http';

import { batch, event } from '../js/collector.mjs';

export const agent = new Agent({ keepAlive: true, maxSockets: 256 });
let sent = 0;

/** Milliseconds until the whole answer was there; an error if it was not 200. */
export function ask(server, path, method, body) {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: '127.0.0.1', port: server.port, path, method,
      headers: { 'content-type': 'application/json' } }, (reply) => {
      reply.resume().on('end', () => (reply.statusCode === 200
        ? resolve(performance.now() - begun) : reject(new Error(`${path}: ${reply.statusCode}`))));
    });
    asked.on('error', reject).end(body);
  });
}

/** The body of ten new events. */
export function tenEvents(place) {
  const ten = Array.from({ length: 10 }, () => {
    sent++;
    return event(`e${sent}`, { itemId: `i${sent % 2000}`, sessionId: `s${sent % 500}` });
  });
  return JSON.stringify(batch(place.key, ten));
}

/** Calls `each(i)` so many times, `rate` times a second. */
export async function steadily(times, rate, each) {
  const begun = performance.now();
  for (let i = 0; i < times; i++) {
    const wait = begun + (i * 1000) / rate - performance.now();
    if (wait > 0) await new Promise((resume) => setTimeout(resume, wait));
    each(i);
  }
}

export function figures(list) {
  list.sort((a, b) => a - b);
  const at = (share) => Number(list[Math.floor(share * (list.length - 1))].toFixed(1));
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), requests: list.length };
}
