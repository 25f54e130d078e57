// Entry `attune/tracker`: events from the page to the collector.
import { invalid, show } from './check.js';
import { hasDatabases } from './database.js';
import { AttuneError } from './errors.js';
import { storedEvents } from './event-database.js';
import { eventQueue } from './event-queue.js';
import { keyOf } from './event-storage.js';
import { absoluteUrl, hasPrivacyControl, listenToPage, openChannel } from './page.js';
import { makeSender } from './sender.js';
import { shownLists } from './shown-lists.js';
import {
  checkTrackedEvent,
  demand,
  demandKnown,
  demandText,
  jsonOf,
  kMaxImpression,
} from './tracked-event.js';
import type { Consent, RejectedEvent, Tracker, TrackerOptions } from './tracker-types.js';
import { uuidV7 } from './uuid.js';
import { makeVisitor } from './visitor.js';

export { AttuneError } from './errors.js';
export type { ErrorCode, LocalErrorCode } from './errors.js';
export type * from './tracker-types.js';

const kOptions = [
  'endpoint',
  'trackingId',
  'consent',
  'onRejected',
  'sessionTimeoutMinutes',
  'flushIntervalMs',
  'globalPrivacyControl',
  'database',
];

/**
 * Tracks what a visitor does: keeps events on the device until the collector has said that it has
 * them. Throws `INVALID_ARGUMENT`, and nothing else: neither a broken storage nor a missing network is
 * ever the page's affair.
 */
export function createTracker(options: TrackerOptions): Tracker {
  demandKnown('createTracker', options, kOptions);
  const {
    endpoint,
    trackingId,
    onRejected = warn,
    sessionTimeoutMinutes = 30,
    flushIntervalMs = 5000,
    globalPrivacyControl = true,
    database: name = 'attune-tracker',
  } = options;
  demandText('trackingId', trackingId);
  demandText('database', name);
  demand(typeof onRejected === 'function', 'onRejected', onRejected, 'a function');
  demand(flushIntervalMs >= 0, 'flushIntervalMs', flushIntervalMs, 'at least 0');
  demand(sessionTimeoutMinutes >= 1, 'sessionTimeoutMinutes', sessionTimeoutMinutes, 'at least 1');

  const queue = eventQueue(hasDatabases() ? storedEvents(name) : undefined);
  const visitor = makeVisitor(queue, 60_000 * sessionTimeoutMinutes);
  const url = collectorUrl(endpoint);
  const sender = makeSender({ name, queue, url, trackingId, flushIntervalMs, onRejected });
  const lists = shownLists();
  let consent: Consent = 'off';
  let isDisposed = false;
  /** Goes up when all is forgotten: what was begun before must not be stored after. */
  let generation = 0;
  let lastEventAt = 0;
  let userToken: string | undefined;
  let cleared = Promise.resolve();
  let listening: AbortController | undefined;
  let tellOthers: (message: unknown) => void = () => {};

  const allowed = (wanted: Consent): Consent => {
    if (isDisposed) throw new AttuneError('DISPOSED', 'this tracker was disposed of');
    demand(['off', 'local', 'sync'].includes(wanted), 'consent', wanted, '"off", "local" or "sync"');
    return globalPrivacyControl && hasPrivacyControl() ? 'off' : wanted;
  };

  const close = () => {
    consent = 'off';
    sender.stop();
    listening?.abort();
  };

  /** Empties the memory of all but the consent. */
  const forget = () => {
    generation++;
    visitor.tell(undefined);
    userToken = undefined;
    lists.clear();
    sender.stop();
    if (consent === 'sync') sender.start();
  };

  const reopen = () => {
    if (consent === 'off') return;
    queue.isOpen = true;
    void visitor.load(); // so that the first event needs not wait for it
  };

  /** Empties the storage, and leaves it closed if nothing may be stored any more. */
  const wipe = () => {
    forget();
    queue.isOpen = false;
    return (cleared = cleared.then(queue.clear).then(reopen));
  };

  const withdraw = () => {
    close();
    return wipe();
  };

  const heard = (message: unknown) => {
    if (message === 'off') void withdraw();
    else if (message === 'reset') forget();
    else visitor.forget();
  };

  const agree = (to: Consent) => {
    if (consent === 'off') {
      cleared = cleared.then(reopen);
      listening = new AbortController();
      const { signal } = listening;
      const shown = () => {
        visitor.forget();
        sender.shown();
      };
      listenToPage(sender.hidden, shown, sender.online, signal);
      // Only tabs that share a storage have anything to say; programs would be kept from ending.
      if (hasDatabases()) tellOthers = openChannel(name, heard, signal);
    }
    consent = to;
    if (to === 'sync') sender.start();
    else sender.stop();
  };

  const note = (recommendationId: string, items: readonly { itemId: string }[]) => {
    const ids = items.map(({ itemId }) => itemId);
    lists.add(recommendationId, ids);
  };

  const dispose = () => {
    close();
    isDisposed = true;
  };

  const tracker: Tracker = {
    get consent() {
      return consent;
    },
    get storageError() {
      return queue.error;
    },
    get deliveryError() {
      return sender.error;
    },

    async track(event) {
      const checked = lists.attribute(checkTrackedEvent(event));
      if (allowed(consent) === 'off') return undefined;
      const began = generation;
      // Each sorts after all before it, even when the clock stands or goes back.
      lastEventAt = Math.max(lastEventAt + 1, Date.now());
      const uuid = uuidV7(lastEventAt);
      let who = visitor.current();
      while (!who && !checked.sessionId) {
        await cleared;
        await visitor.load();
        if (generation !== began) return undefined;
        who = visitor.current();
      }
      const identity = checked.sessionId ? undefined : { ...who!.identity, userToken };
      const { eventId = uuid } = checked;
      const json = jsonOf({ eventId, ...identity, ...checked });
      const key = keyOf(uuid, json);
      sender.hold(key, json);
      await queue.append(key, json, identity && who!.visit);
      sender.stored(key);
      return eventId;
    },

    attach(session) {
      session.observer = {
        items: note,
        // The event's own columns are the properties of a PutEvents event.
        record: (
          { timestamp: sentAt, context: _, ...event },
          { recommendationId, impression: given, context: properties },
        ) => {
          const impression = given?.slice(0, kMaxImpression); // an empty one is none
          tracker
            .track({ ...event, sentAt, recommendationId, impression, properties })
            .catch((error: AttuneError) => console.warn(`attune: ${error.message}`));
        },
      };
      return () => (session.observer = undefined);
    },

    shown(list) {
      const { recommendationId } = list;
      demandText('recommendationId', recommendationId);
      note(recommendationId, 'itemList' in list ? list.itemList : list.personalizedRanking);
    },

    async identify(userId, token) {
      if (userId !== null) demandText('userId', userId);
      if (token !== undefined) demandText('userToken', token);
      userToken = token;
      visitor.tell(userId);
      if (allowed(consent) === 'off') return;
      await cleared;
      await visitor.load();
      tellOthers('identity');
    },

    async setConsent(wanted) {
      const to = allowed(wanted);
      if (to === 'off') {
        tellOthers('off');
        return withdraw();
      }
      agree(to);
      return cleared;
    },

    async reset() {
      tellOthers('reset');
      return wipe();
    },

    async flush() {
      await cleared;
      return sender.flush();
    },

    dispose,
    [Symbol.dispose]: dispose, // `undefined` where engines do not know it, which is no harm
  };
  const first = allowed(options.consent);
  if (first === 'off') void wipe();
  else agree(first);
  return tracker;
}

function collectorUrl(endpoint: string | URL): string {
  try {
    return absoluteUrl(`${endpoint}`.replace(/\/*$/, '/v1/events'));
  } catch {
    throw invalid(`endpoint: ${show(endpoint)} is not the URL of a collector`);
  }
}

function warn({ event, code, message }: RejectedEvent): void {
  console.warn(`attune: rejected event ${event.eventId}: ${code}: ${message}`);
}
