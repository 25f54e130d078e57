// What must compile, and what must not, of the entries edge and worker.
import { load, type HistoryEvent } from 'attune';
import {
  createHandler,
  durableObjectStore,
  HistoryObject,
  kvStore,
  type EdgeHandler,
  type EdgeOptions,
  type EdgeStore,
} from 'attune/edge';
import { load as loadInWorker, type WorkerRecommender } from 'attune/worker';

/** Of Cloudflare's types, the members that are used. */
interface Env {
  BUNDLES: { get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null> };
  KV: {
    get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>;
    put(key: string, value: ArrayBuffer | ArrayBufferView | string, options?: { expirationTtl?: number; expiration?: number }): Promise<void>;
    delete(key: string): Promise<void>;
  };
}

export function edge(env: Env): EdgeHandler {
  const store: EdgeStore = kvStore(env.KV, { expirationDays: 7 });
  durableObjectStore({ idFromName: (name: string) => ({ name }), get: () => ({ fetch: async () => new Response() }) });
  new HistoryObject({
    storage: { get: async () => 1, put: async () => {}, delete: async () => 1 },
    blockConcurrencyWhile: (work) => work(),
  });
  const options: EdgeOptions = {
    campaigns: { shop: { bundle: () => load('/shop.attune'), filters: { kids: '' }, defaults: { diversity: 0.2 } } },
    store,
    context: ({ country, device, hour }) => ({ COUNTRY: country, DEVICE: device, HOUR_OF_DAY: hour }),
    collector: { url: 'https://events.example', wait: true },
    credentials: async (id) => (id === 'AKID' ? 'secret' : undefined),
  };
  // @ts-expect-error an option that does not exist
  createHandler({ bundle: 'shop.attune', bucket: 1 });
  // @ts-expect-error a campaign has a bundle
  createHandler({ campaigns: { shop: {} } });
  return createHandler(options);
}

export async function worker(signal: AbortSignal): Promise<readonly HistoryEvent[]> {
  const recommender: WorkerRecommender = await loadInWorker('/shop.attune', { signal, maxEvents: 10, metadata: 'later' });
  const session = recommender.session({ userId: 'u', attributes: { AGE: 25 } });
  const isKnown: boolean = await session.record({ itemId: '42' });
  const { itemList } = await session.getRecommendations({ numResults: isKnown ? 5 : 10 });
  await session.getPersonalizedRanking({ inputList: itemList.map(({ itemId }) => itemId) });
  await recommender.similarItems('42', { session });
  await recommender.loadMetadata();
  const ids: string[] = await recommender.itemIds();
  const saved: Uint8Array = await session.save();
  // @ts-expect-error answers come later
  session.getRecommendations().itemList;
  // @ts-expect-error a worker cannot have a store of the page
  recommender.session({ userId: 'u', store: { load: async () => saved } });
  // @ts-expect-error a request cannot be handed to a worker
  await loadInWorker(new Request('/shop.attune'));
  return ids.length ? session.history() : [];
}
