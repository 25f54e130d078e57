// Sessions made for one request from a saved history.
import type { Recommender } from './recommender.js';
import type { Session } from './session.js';
import type { NewEvent } from './types.js';

/** Lends a session with a saved history; one that cannot be read counts as none. */
export function withHistory<T>(
  recommender: Recommender,
  bytes: Uint8Array | undefined,
  maxEvents: number,
  use: (session: Session) => T,
): T {
  const session = recommender.session({ maxEvents });
  try {
    if (bytes) restore(session, bytes);
    return use(session);
  } finally {
    session.dispose();
  }
}

/** What a client sends again, because it did not see the answer, is in the history once. */
export function addTo(session: Session, events: readonly NewEvent[]): void {
  const keyOf = (event: { itemId: string; eventType?: string | undefined; timestamp?: Date | number | undefined }) =>
    JSON.stringify([event.itemId, event.eventType, Math.floor(Number(event.timestamp))]);
  const known = new Set(session.history.map(keyOf));
  for (const event of events) {
    const key = keyOf(event);
    if (!known.has(key)) session.record(event);
    known.add(key);
  }
}

function restore(session: Session, bytes: Uint8Array): void {
  try {
    session.restore(bytes);
  } catch (error) {
    if ((error as { code?: string }).code !== 'INVALID_SESSION') throw error;
  }
}
