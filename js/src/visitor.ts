import type { EventQueue } from './event-queue.js';
import type { Host } from './host.js';
import { uuidV7 } from './uuid.js';

/** Who acts, as events say it. */
export interface Identity {
  readonly anonymousId: string;
  readonly userId?: string;
}

/** A session: events of one visitor without a long pause between them. */
interface Visit {
  readonly sessionId: string;
  readonly anonymousId: string;
  /** Milliseconds since 1970. */
  readonly lastEventAt: number;
}

/** Who acts on this device and in which session; all tabs agree on it. */
export class Visitor {
  readonly #host: Host;
  readonly #queue: EventQueue;
  readonly #timeoutMs: number;
  /** The user that was told and is not stored yet; null for nobody. */
  #told: string | null | undefined;
  /** Goes up when what is being loaded is out of date. */
  #version = 0;
  #identity: Identity | undefined;
  #visit: Visit | undefined;

  constructor(host: Host, queue: EventQueue, timeoutMs: number) {
    this.#host = host;
    this.#queue = queue;
    this.#timeoutMs = timeoutMs;
  }

  /** The user from now on; null for one who is not known. */
  tell(userId: string | null): void {
    this.#told = userId;
    this.forget();
  }

  /** Looks again at what is stored, which another tab may have changed. */
  forget(): void {
    this.#version++;
    this.#identity = this.#visit = undefined;
  }

  /** Forgets what was told, too. */
  reset(): void {
    this.#told = undefined;
    this.forget();
  }

  /**
   * The identity of an event of this moment and what to store with it; undefined when the storage
   * must be asked first, by load().
   */
  current(): { identity: Identity & { sessionId: string }; states: { visit: Visit } } | undefined {
    const now = this.#host.now();
    if (!this.#identity || !this.#visit || !this.#lasts(this.#visit, now)) return undefined;
    this.#visit = { ...this.#visit, lastEventAt: now };
    const { sessionId } = this.#visit;
    return { identity: { ...this.#identity, sessionId }, states: { visit: this.#visit } };
  }

  /** Takes the identity and the session of the storage, or begins new ones there. */
  async load(): Promise<void> {
    const told = this.#told;
    const version = this.#version;
    const identity = await this.#queue.update<Identity>('identity', (old) => this.#next(old, told));
    const now = this.#host.now();
    const visit = await this.#queue.update<Visit>('visit', (old) => {
      const isSame = old && old.anonymousId === identity!.anonymousId && this.#lasts(old, now);
      if (isSame) return old;
      return { sessionId: this.#id(), anonymousId: identity!.anonymousId, lastEventAt: now };
    });
    if (this.#version !== version) return;
    this.#told = undefined;
    this.#identity = identity;
    this.#visit = visit;
  }

  /** A known user keeps what was anonymous, but two users never share an anonymousId. */
  #next(old: Identity | undefined, told: string | null | undefined): Identity {
    const wanted = told === undefined ? old?.userId : (told ?? undefined);
    const isOther = old?.userId !== undefined && old.userId !== wanted;
    if (old && old.userId === wanted) return old;
    const anonymousId = old && !isOther ? old.anonymousId : this.#id();
    return wanted === undefined ? { anonymousId } : { anonymousId, userId: wanted };
  }

  #lasts({ lastEventAt }: Visit, now: number): boolean {
    return Math.abs(now - lastEventAt) <= this.#timeoutMs;
  }

  #id(): string {
    return uuidV7(this.#host.now(), this.#host.random);
  }
}
