// What must compile.
import {
  AttuneError,
  indexedDbStore,
  load,
  memoryStore,
  type HistoryEvent,
  type HistoryStore,
  type PublishedRecommender,
  type Recommendations,
  type Recommender,
  type Session,
} from 'attune';
import { createTracker, type Consent, type RejectedEvent, type Tracker } from 'attune/tracker';
import wasm from 'attune/attune.wasm';

const store: HistoryStore = {
  load: async () => new Uint8Array(),
  save: async (_key: string, _bytes: Uint8Array) => {},
  remove: async () => {},
};

export async function use(bytes: Uint8Array, view: DataView, signal: AbortSignal): Promise<string> {
  const recommender: Recommender = await load('/shop.attune');
  await load(new URL('https://example.org/shop.attune'), { wasm, signal, store, maxEvents: 10 });
  await load(fetch ? await fetch('/shop.attune') : new Request('/shop.attune'), {
    wasm: fetch('/attune.wasm'),
  });
  await load(bytes, { wasm: bytes.buffer as ArrayBuffer });
  await load(view, { wasm: undefined, store: memoryStore({ maxUsers: 5 }) });

  using session: Session = recommender.session({ userId: 'me', store: indexedDbStore() });
  await session.ready;
  const known: boolean = session.record({ itemId: '1', timestamp: new Date(), eventValue: 1 });
  const events: readonly HistoryEvent[] = session.history;
  const list: Recommendations = session.getRecommendations({
    numResults: 10,
    filter: undefined,
    metadataColumns: { ITEMS: ['TITLE'] },
  });
  session.setAttributes({ AGE: 25, MEMBER: true, CITY: null });
  recommender.session({ attributes: { TASTE: 'red' } }).getRecommendations({ context: {} });
  session.getPersonalizedRanking({ inputList: ['1'], context: { DEVICE: 'phone' } });
  const names: string[] = [...recommender.userColumns, ...recommender.contextColumns].map(
    ({ name }) => name,
  );
  const { personalizedRanking } = session.getPersonalizedRanking({ inputList: ['1'] as const });
  const score: number | undefined = personalizedRanking[0]?.score;
  recommender.similarItems('1', { session, numResults: 3 });
  const title: string | undefined = list.itemList[0]?.metadata?.['TITLE'];
  const first: string | undefined = recommender.columns[0]?.name;
  const stored: readonly string[] = Object.keys(recommender.filters);
  for (const id of recommender.itemIds()) if (id === title) break;
  session.restore(session.save());
  const problem: AttuneError | undefined = session.storageError;
  return `${known} ${events.length} ${score} ${first} ${problem?.code} ${names.length} ${stored.length}`;
}

export function meaningOf(error: unknown): string {
  if (!(error instanceof AttuneError)) throw error;
  if (error.code === 'NETWORK' || error.code === 'CORRUPT_BUNDLE') return 'try again later';
  return `${error.message} ${error.at ?? ''}`;
}

export async function follow(publicKeys: readonly string[]): Promise<number> {
  const recommender: PublishedRecommender = await load('/models/shop/manifest.json', {
    publicKeys,
    dataset: 'shop',
    pollSeconds: 3600,
    versionStore: memoryStore(),
    offline: false,
    onUpdate: ({ version, updated, error }) => void [version, updated, error?.code],
  });
  const unchecked: PublishedRecommender = await load('/models/shop/manifest.json', { publicKeys: 'none' });
  unchecked.dispose();
  const updated: boolean = await recommender.update();
  const asRecommender: Recommender = recommender;
  const version: number | undefined = asRecommender.session().getRecommendations().modelVersion;
  const { stale, expiresAt, dataset, updateError, storageError } = recommender;
  void [updated, version, stale, expiresAt.getTime(), dataset, updateError?.code, storageError?.code];
  return recommender.version;
}

export async function track(session: Session, shown: Recommendations): Promise<boolean> {
  const rejected: RejectedEvent[] = [];
  using tracker: Tracker = createTracker({
    endpoint: new URL('https://events.example'),
    trackingId: 'key',
    consent: 'local',
    onRejected: (event) => rejected.push(event),
  });
  const detach: () => void = tracker.attach(session);
  tracker.shown(shown);
  const eventId: string | undefined = await tracker.track({
    eventType: 'buy',
    itemId: '1',
    properties: { size: 'L', parts: [1, 2] },
    impression: ['1', '2'] as const,
    sentAt: new Date(),
  });
  await tracker.identify(eventId ? 'ada' : null);
  const consent: Consent = tracker.consent;
  await tracker.setConsent(consent === 'off' ? 'local' : 'sync');
  detach();
  const problem: AttuneError | undefined = tracker.storageError ?? tracker.deliveryError;
  return problem === undefined && tracker.flush();
}
