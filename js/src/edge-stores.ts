// Stores of histories at the edge: Cloudflare's KV and Durable Objects by their shape, and memory.
import { sha256Hex } from './digest.js';
import type { EdgeStore } from './edge-types.js';

/** What is needed of a Workers KV namespace. */
export interface KvNamespace {
  /** As in Workers KV. */
  get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>;
  /** As in Workers KV. */
  put(key: string, value: Uint8Array, options?: { expirationTtl?: number }): Promise<void>;
  /** As in Workers KV. */
  delete(key: string): Promise<void>;
}

/**
 * Histories in Workers KV. KV shows a change elsewhere after up to a minute and takes one write a second
 * for a key; where each click shall count in the next list take durableObjectStore.
 */
export function kvStore(
  namespace: KvNamespace,
  { prefix = 'attune:', expirationDays = 90 }: { prefix?: string; expirationDays?: number } = {},
): EdgeStore {
  // KV keys have at most 512 bytes; an id has up to 256 characters.
  const keyOf = async (user: string) => prefix + (await keyPart(user, 512 - prefix.length));
  return {
    load: async (user) => bytesIn(await namespace.get(await keyOf(user), 'arrayBuffer')),
    save: async (user, bytes) =>
      namespace.put(await keyOf(user), bytes, { expirationTtl: Math.round(expirationDays * 86_400) }),
    remove: async (user) => namespace.delete(await keyOf(user)),
  };
}

/** What is needed of a Durable Object namespace whose class is HistoryObject. */
export interface ObjectNamespace<Id = unknown> {
  /** As in Workers. */
  idFromName(name: string): Id;
  /** As in Workers. */
  get(id: Id): {
    /** As of a Durable Object's stub. */
    fetch(request: Request): Promise<Response>;
  };
}

/** Of requests that change one history at once, one gets through in each round. */
const kMaxTries = 50;
const kMaxPauseMs = 20;
const kUrl = 'https://attune.invalid/history';

/** Histories in Durable Objects, one a user: every change is seen by the next request, and none lost. */
export function durableObjectStore<Id>(namespace: ObjectNamespace<Id>): EdgeStore {
  const send = (user: string, method: string, bytes?: Uint8Array, version?: string) =>
    namespace.get(namespace.idFromName(user)).fetch(
      new Request(kUrl, {
        method,
        ...(bytes && { body: bytes as Uint8Array<ArrayBuffer> }),
        headers: version === undefined ? {} : { 'if-match': version },
      }),
    );
  const load = async (user: string) => {
    const response = expected(await send(user, 'GET'), 200, 204);
    const version = response.headers.get('etag') ?? '';
    const bytes = bytesIn(await response.arrayBuffer());
    return { version, bytes: response.status === 204 ? undefined : bytes };
  };
  return {
    load: async (user) => (await load(user)).bytes,
    save: async (user, bytes) => void expected(await send(user, 'PUT', bytes), 204),
    remove: async (user) => void expected(await send(user, 'DELETE'), 204),
    async update(user, change) {
      for (let tries = 0; tries < kMaxTries; tries++) {
        const { version, bytes } = await load(user);
        const response = expected(await send(user, 'PUT', change(bytes), version), 204, 412);
        if (response.status === 204) return;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * kMaxPauseMs));
      }
      throw new Error(`the history was changed by others ${kMaxTries} times in a row`);
    },
  };
}

/** What is needed of a Durable Object's state. */
export interface ObjectState {
  storage: {
    /** As in Workers. */
    get(key: string): Promise<unknown>;
    /** As in Workers. */
    put(entries: Record<string, unknown>): Promise<void>;
    /** As in Workers. */
    delete(keys: string[]): Promise<unknown>;
  };
  /** As in Workers. */
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

/** The class to export from a Worker that uses durableObjectStore: one user's history and its version. */
export class HistoryObject {
  readonly #state: ObjectState;

  constructor(state: ObjectState) {
    this.#state = state;
  }

  /** GET, PUT or DELETE of the history, with its version as ETag. */
  async fetch(request: Request): Promise<Response> {
    // Before the storage is asked: an object whose blocked work fails is started anew.
    const bytes = new Uint8Array(await request.arrayBuffer());
    return this.#state.blockConcurrencyWhile(() => this.#answer(request, bytes));
  }

  async #answer(request: Request, given: Uint8Array): Promise<Response> {
    const { storage } = this.#state;
    const version = Number((await storage.get('version')) ?? 0);
    const wanted = request.headers.get('if-match');
    if (request.method === 'GET') {
      const bytes = (await storage.get('bytes')) as Uint8Array<ArrayBuffer> | undefined;
      return new Response(bytes ?? null, { status: bytes ? 200 : 204, headers: { etag: `"${version}"` } });
    }
    if (wanted !== null && wanted !== `"${version}"`) return new Response(null, { status: 412 });
    if (request.method === 'PUT') {
      await storage.put({ bytes: given, version: version + 1 });
    } else if (request.method === 'DELETE') {
      await storage.delete(['bytes']);
      await storage.put({ version: version + 1 });
    } else {
      return new Response(null, { status: 405 });
    }
    return new Response(null, { status: 204 });
  }
}

/** Histories in the memory of this process or isolate, of the `maxUsers` (10,000) users last active. */
export function memoryEdgeStore({ maxUsers = 10_000 }: { maxUsers?: number } = {}): EdgeStore {
  const histories = new Map<string, Uint8Array>();
  const save = (user: string, bytes: Uint8Array) => {
    histories.delete(user);
    histories.set(user, bytes.slice());
    if (histories.size > maxUsers) histories.delete(histories.keys().next().value!);
  };
  return {
    load: async (user) => histories.get(user)?.slice(),
    save: async (user, bytes) => save(user, bytes),
    remove: async (user) => void histories.delete(user),
    // In one go, so nothing comes in between.
    update: async (user, change) => save(user, change(histories.get(user))),
  };
}

function bytesIn(buffer: ArrayBuffer | null): Uint8Array | undefined {
  return buffer ? new Uint8Array(buffer) : undefined;
}

function expected(response: Response, ...statuses: number[]): Response {
  if (statuses.includes(response.status)) return response;
  throw new Error(`the Durable Object answered ${response.status}`);
}

/** The user as part of a key; one that is too long for it by its hash. */
async function keyPart(user: string, mostBytes: number): Promise<string> {
  const text = encodeURIComponent(user);
  return text.length <= mostBytes ? text : `~${await sha256Hex(user)}`;
}
