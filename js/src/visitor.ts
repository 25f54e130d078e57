import type { EventQueue } from './event-queue.js';
import type { State, Visit } from './event-storage.js';
import { uuidV7 } from './uuid.js';

/** Who acts, as events say it. */
export interface Identity {
  anonymousId: string | undefined;
  userId: string | undefined;
  sessionId: string;
}

/** Who acts on this device and in which session; all tabs agree on it. */
export interface Visitor {
  /** The user from now on; null for one who is not known, undefined for whom the storage knows. */
  tell(userId: string | null | undefined): void;
  /** Looks again at what is stored, which another tab may have changed. */
  forget(): void;
  /**
   * Who does an event of this moment, and the session as it is to be stored with it; undefined when
   * the storage must be asked first, by load().
   */
  current(): { identity: Identity; visit: Visit } | undefined;
  /** Takes the identity and the session of the storage, or begins new ones there. */
  load(): Promise<void>;
}

export function makeVisitor(queue: EventQueue, timeoutMs: number): Visitor {
  let told: string | null | undefined;
  let known: State | undefined;
  let version = 0;
  let loading: Promise<void> | undefined;

  const lasts = (visit: Visit | undefined, now: number) =>
    visit && Math.abs(now - visit.lastEventAt) <= timeoutMs;

  /** A known user keeps what was anonymous, but two users never share an anonymousId. */
  const next = (old: State): State => {
    const now = Date.now();
    const userId = told === undefined ? old.userId : (told ?? undefined);
    const isSame = old.userId === undefined || old.userId === userId;
    const anonymousId = (isSame && old.anonymousId) || uuidV7(now);
    const isGoingOn = old.visit?.anonymousId === anonymousId && lasts(old.visit, now);
    const visit = { sessionId: uuidV7(now), anonymousId, lastEventAt: now };
    return { anonymousId, userId, visit: isGoingOn ? old.visit : visit };
  };

  const load = async (began: number) => {
    const { state } = await queue.change((old) => ({ state: next(old) }));
    if (version !== began) return;
    told = loading = undefined;
    known = state;
  };

  const visitor: Visitor = {
    tell(userId) {
      told = userId;
      visitor.forget();
    },
    forget() {
      version++;
      known = loading = undefined;
    },
    current() {
      const now = Date.now();
      if (!lasts(known?.visit, now)) return undefined;
      const { anonymousId, userId, visit } = known!;
      known = { anonymousId, userId, visit: { ...visit!, lastEventAt: now } };
      return { identity: { anonymousId, userId, sessionId: visit!.sessionId }, visit: known.visit! };
    },
    load: () => (loading ??= load(version)),
  };
  return visitor;
}
