import type { EventQueue } from './event-queue.js';
import type { State } from './event-storage.js';
import { locks } from './page.js';
import { uuidV7 } from './uuid.js';

/** Longer than any one request takes. */
const kLeaseMs = 45_000;

/**
 * Runs `act` while no other tab does: by Web Locks, or where there are none by a lease in the queue;
 * undefined when another tab has the lease. `keep` is asked before each request whether the lock is
 * still held.
 */
export async function exclusively<T>(
  name: string,
  queue: EventQueue,
  act: (keep: () => Promise<boolean>) => Promise<T>,
): Promise<T | undefined> {
  try {
    const locked = locks()?.request(name, () => act(async () => true));
    if (locked) return await locked;
  } catch {
    // Refused, as in sandboxed frames.
  }
  const owner = uuidV7(Date.now());
  const keep = async () => (await queue.change((state) => leased(state, owner))).state.lease?.owner === owner;
  if (!(await keep())) return undefined;
  try {
    return await act(keep);
  } finally {
    await queue.change(({ lease }) => (lease?.owner === owner ? { state: { lease: undefined } } : {}));
  }
}

function leased({ lease }: State, owner: string): { state?: State } {
  const left = (lease?.until ?? 0) - Date.now();
  // A lease from beyond its length is one of a clock that was set back.
  if (lease?.owner !== owner && left > 0 && left <= kLeaseMs) return {};
  return { state: { lease: { owner, until: Date.now() + kLeaseMs } } };
}
