// Brings requests on to the collector.
import { invalid, show } from './check.js';
import type { EdgeCollector } from './edge-types.js';
import { notFound, WireError } from './wire-error.js';

const kPausesMs = [250, 1000];
const kTimeoutMs = 10_000;
/** The first is by what the collector counts an AWS client's repetition once. */
const kPassedOn = ['amz-sdk-invocation-id', 'user-agent'];

export class Collector {
  readonly #url: string;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #wait: boolean;

  constructor(given: string | URL | EdgeCollector) {
    const { url, fetch: send, wait = false } = typeof given === 'string' || given instanceof URL ? { url: given } : given;
    if (!URL.canParse(String(url)) || !/^https?:$/.test(new URL(url).protocol)) {
      throw invalid(`collector: ${show(url)} is not an http: or https: URL`);
    }
    this.#url = String(url).replace(/\/+$/, '');
    this.#fetch = send ?? ((request) => fetch(request));
    this.#wait = wait;
  }

  /**
   * Sends a request that was checked. What is put is answered when the collector has it; events are sent
   * behind the answer's back unless the handler waits for them too.
   */
  async send(path: string, body: string, from: Request, waitUntil: (work: Promise<unknown>) => void): Promise<void> {
    const sent = this.#attempts(path, body, from);
    const isEvent = path === '/events' || path === '/action-interactions';
    if (isEvent && !this.#wait) return waitUntil(sent);
    return sent;
  }

  async #attempts(path: string, body: string, from: Request): Promise<void> {
    for (const pauseMs of [...kPausesMs, undefined]) {
      const failure = await this.#attempt(path, body, from);
      if (!failure) return;
      if (pauseMs === undefined || failure.status < 500) throw failure;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** What went wrong; undefined when the collector has it. */
  async #attempt(path: string, body: string, from: Request): Promise<WireError | undefined> {
    const headers = new Headers({ 'content-type': 'application/json' });
    for (const name of kPassedOn) {
      const value = from.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    // The collector limits by address, and this one is the edge's own.
    const address = from.headers.get('cf-connecting-ip');
    if (address) headers.set('x-forwarded-for', address);
    try {
      const signal = AbortSignal.timeout(kTimeoutMs);
      const response = await this.#fetch(new Request(this.#url + path, { method: 'POST', body, headers, signal }));
      const answer = await response.text();
      return response.ok ? undefined : refusal(response.status, answer);
    } catch (cause) {
      return unavailable('cannot be reached', cause);
    }
  }
}

/** Without a collector only events are of use here: they make the history. */
export function refuseRecords(path: string): void {
  if (path !== '/events') throw notFound(`there is no collector here that takes ${path.slice(1)}`);
}

function refusal(status: number, answer: string): WireError {
  if (status < 400 || status >= 500 || status === 429) return unavailable(`answered ${status}`, answer);
  try {
    const { __type: type, message } = JSON.parse(answer) as { __type?: unknown; message?: unknown };
    if (typeof type === 'string' && typeof message === 'string') return new WireError(status, type, message);
  } catch {
    // Something else than a collector answered.
  }
  return unavailable(`answered ${status}`, answer);
}

function unavailable(what: string, cause: unknown): WireError {
  return new WireError(503, 'ServiceUnavailableException', `the collector ${what}`, cause);
}
