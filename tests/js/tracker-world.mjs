// A make-believe page for the tracker: its clock, chance, network, storage and other tabs, all to order.
import { mock } from 'node:test';

import { createTracker } from '../../js/dist/tracker.js';
import { FakeIndexedDb } from './fake-indexed-db.mjs';

export const kStart = Date.UTC(2026, 0, 1);
const kStepMs = 50;
const kBreaths = 40;
const breath = () => new Promise((resolve) => setImmediate(resolve));

/** Sets a global for the time of a test; undefined takes it away. */
function replace(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

export class World {
  /** What the collector has stored, in order; all it was sent, and every body. */
  events = [];
  received = [];
  bodies = [];
  dropped = 0;
  warnings = [];
  unhandled = [];
  rejected = [];
  trackers = [];
  /** Instead of an answer: a function from the body to a Response, or one that throws. */
  fault;

  /** `storage`: a FakeIndexedDb, null for none; `page`: whether there is a page around. */
  constructor({ storage = new FakeIndexedDb(), page = true, random = 0.5 } = {}) {
    this.#startClock();
    mock.method(Math, 'random', () => (typeof random === 'function' ? random() : random));
    mock.method(console, 'warn', (line) => this.warnings.push(line));
    mock.method(globalThis, 'fetch', async (url, init) => this.#fetch(url, init));
    this.storage = storage;
    if (storage) replace('indexedDB', storage);
    this.#makeChannels();
    this.navigator = { onLine: true };
    replace('navigator', this.navigator);
    if (page) this.#makePage();
    this.noteUnhandled = (error) => this.unhandled.push(error);
    process.on('unhandledRejection', this.noteUnhandled);
  }

  /** A tracker that sends after a second; a second one is another tab. */
  tracker(options = {}) {
    const tracker = createTracker({
      endpoint: 'https://collector.example/',
      trackingId: 'key',
      consent: 'sync',
      flushIntervalMs: 1000,
      onRejected: (rejected) => this.rejected.push(rejected),
      ...options,
    });
    this.trackers.push(tracker);
    return tracker;
  }

  /** Lets what was begun end, and so much time pass. */
  async pass(ms = 0) {
    for (let left = ms; left >= 0; left -= kStepMs) {
      for (let i = 0; i < kBreaths; i++) await breath();
      this.#tick(Math.min(kStepMs, left));
    }
    for (let i = 0; i < kBreaths; i++) await breath();
  }

  /** Lets a long time pass in which nothing is due but what is due at its end. */
  async leap(ms) {
    await this.pass();
    this.#tick(ms);
    await this.pass();
  }

  /** Waits for a promise while time passes. */
  async of(promise) {
    let isDone = false;
    const settled = promise.finally(() => (isDone = true));
    settled.catch(() => {});
    for (let i = 0; i < 2000 && !isDone; i++) {
      for (let j = 0; j < kBreaths && !isDone; j++) await breath();
      if (!isDone) this.#tick(kStepMs);
    }
    if (!isDone) throw new Error('not done in 100 s');
    return settled;
  }

  /** Tracks clicks on items, one after the other; the eventIds. */
  async track(tracker, ...itemIds) {
    const ids = [];
    for (const itemId of itemIds) ids.push(await this.of(tracker.track({ eventType: 'click', itemId })));
    return ids;
  }

  get items() {
    return this.events.map(({ itemId }) => itemId);
  }

  /** Events that wait in the storage. */
  get waiting() {
    return this.storage.stored.get('attune-tracker')?.get('events')?.size ?? 0;
  }

  hide(event = 'visibilitychange') {
    this.document.visibilityState = 'hidden';
    (event === 'visibilitychange' ? this.document : this.window).dispatchEvent(new Event(event));
  }

  show() {
    this.document.visibilityState = 'visible';
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  goOnline(isOnline) {
    this.navigator.onLine = isOnline;
    if (isOnline) this.window.dispatchEvent(new Event('online'));
  }

  async end() {
    for (const tracker of this.trackers) tracker.dispose();
    await breath();
    replace('BroadcastChannel', this.realChannel);
    process.off('unhandledRejection', this.noteUnhandled);
    mock.restoreAll();
    for (const name of ['indexedDB', 'navigator', 'document', 'addEventListener']) delete globalThis[name];
  }

  /** Own timers, because node:test's remove another one when a timer is cleared that has gone off. */
  #startClock() {
    let last = 0;
    this.now = kStart;
    this.timers = new Map();
    mock.method(Date, 'now', () => this.now);
    mock.method(globalThis, 'setTimeout', (act, ms = 0) => {
      this.timers.set(++last, { act, at: this.now + ms });
      return last;
    });
    mock.method(globalThis, 'clearTimeout', (timer) => void this.timers.delete(timer));
  }

  #tick(ms) {
    this.now += ms;
    const due = [...this.timers].filter(([, { at }]) => at <= this.now);
    for (const [timer, { act }] of due.sort(([, a], [, b]) => a.at - b.at)) {
      if (this.timers.delete(timer)) act();
    }
  }

  #makeChannels() {
    const open = new Set();
    this.realChannel = globalThis.BroadcastChannel;
    replace('BroadcastChannel', class {
      constructor(name) {
        this.name = name;
        open.add(this);
      }

      postMessage(data) {
        for (const other of open) {
          if (other !== this && other.name === this.name) setImmediate(() => other.onmessage({ data }));
        }
      }

      close() {
        open.delete(this);
      }
    });
  }

  #makePage() {
    this.window = new EventTarget();
    this.document = new EventTarget();
    this.document.visibilityState = 'visible';
    this.document.baseURI = 'https://shop.example/deep/page';
    replace('document', this.document);
    replace('addEventListener', (...values) => this.window.addEventListener(...values));
  }

  async #fetch(url, { body, ...init }) {
    this.bodies.push({ url, body, at: Date.now(), ...init });
    const batch = JSON.parse(body);
    this.received.push(...batch.events);
    if (this.fault) return this.fault(batch);
    this.dropped += batch.dropped ?? 0;
    return this.acknowledge(batch);
  }

  /** The collector's answer; `verdict` of an event instead of 'stored'. */
  acknowledge({ events }, verdict = () => ({})) {
    const known = new Set(this.events.map(({ eventId }) => eventId));
    const results = events.map((event) => {
      const status = known.has(event.eventId) ? 'duplicate' : 'stored';
      const result = { eventId: event.eventId, status, ...verdict(event) };
      if (result.status === 'stored') this.events.push(event);
      return result;
    });
    return Response.json({ accepted: results.length, results });
  }
}

/** A fault: this status, headers and body. */
export const answer = (status, headers = {}, body = { __type: 'XException', message: 'no' }) => () =>
  Response.json(body, { status, headers });

export const networkError = () => {
  throw new TypeError('Failed to fetch');
};
