import type { EventQueue } from './event-queue.js';
import type { Host } from './host.js';
import { uuidV7 } from './uuid.js';

/** Longer than any one request takes. */
const kLeaseMs = 45_000;

interface Lease {
  readonly owner: string;
  readonly until: number;
}

/** Lets one tab send at a time: by Web Locks, or where there are none by a lease in the queue. */
export class SendingLock {
  readonly #host: Host;
  readonly #name: string;
  readonly #queue: EventQueue;
  readonly #owner: string;

  constructor(host: Host, name: string, queue: EventQueue) {
    this.#host = host;
    this.#name = name;
    this.#queue = queue;
    this.#owner = uuidV7(host.now(), host.random);
  }

  /**
   * Runs `act` while no other tab sends; undefined when another one does. `keep` is to be asked
   * before each request, and says whether the lock is still held.
   */
  async run<T>(act: (keep: () => Promise<boolean>) => Promise<T>): Promise<T | undefined> {
    const { locks } = this.#host;
    let isHeld = false;
    if (locks) {
      try {
        return await locks.request(this.#name, () => {
          isHeld = true;
          return act(async () => true);
        });
      } catch (error) {
        if (isHeld) throw error;
        // Refused, as in sandboxed frames.
      }
    }
    if (!(await this.#take())) return undefined;
    try {
      return await act(() => this.#take());
    } finally {
      await this.#queue.update<Lease>('lease', (old) => (this.#isMine(old) ? undefined : old));
    }
  }

  async #take(): Promise<boolean> {
    const now = this.#host.now();
    const lease = await this.#queue.update<Lease>('lease', (old) => {
      const isOthers = old && !this.#isMine(old) && now < old.until && old.until <= now + kLeaseMs;
      return isOthers ? old : { owner: this.#owner, until: now + kLeaseMs };
    });
    return this.#isMine(lease);
  }

  #isMine(lease: Lease | undefined): boolean {
    return lease?.owner === this.#owner;
  }
}
