// What must not compile: every line below a comment is an error, or the compiler complains.
import { load, type HistoryEvent, type Recommender, type Session } from 'attune';
import { createTracker, type Tracker } from 'attune/tracker';

export async function misuse(recommender: Recommender, session: Session, event: HistoryEvent) {
  // @ts-expect-error a bundle has no number
  await load(5);
  // @ts-expect-error an option that does not exist
  await load('/shop.attune', { wasmUrl: '/attune.wasm' });
  // @ts-expect-error the user has an id, not a number
  recommender.session({ userId: 5 });
  // @ts-expect-error an option that does not exist
  recommender.session({ user: 'me' });
  // @ts-expect-error an event needs an item
  session.record({ eventType: 'click' });
  // @ts-expect-error a timestamp is a Date or seconds
  session.record({ itemId: '1', timestamp: '2020-01-01' });
  // @ts-expect-error recording is synchronous
  session.record({ itemId: '1' }).then;
  // @ts-expect-error numResults is a number
  session.getRecommendations({ numResults: '10' });
  // @ts-expect-error an option that does not exist
  session.getRecommendations({ numresults: 10 });
  // @ts-expect-error the bundle's filters are not changed on the device
  recommender.filters['kids'] = 'EXCLUDE ItemID WHERE Items.ADULT = true';
  // @ts-expect-error metadata columns are those of the items
  session.getRecommendations({ metadataColumns: { USERS: ['AGE'] } });
  // @ts-expect-error several categories are one text, joined by bars
  session.setAttributes({ TASTE: ['red', 'blue'] });
  // @ts-expect-error context is an object of values
  session.getRecommendations({ context: 'phone' });
  // @ts-expect-error similar items do not depend on a context
  recommender.similarItems('1', { context: { DEVICE: 'phone' } });
  // @ts-expect-error a ranking needs a list
  session.getPersonalizedRanking({});
  // @ts-expect-error a recommender is no session
  recommender.similarItems('1', { session: recommender });
  // @ts-expect-error a history is read-only
  session.history.push(event);
  // @ts-expect-error an event of a history is read-only
  event.itemId = '2';
  // @ts-expect-error what a recommender is does not change
  recommender.itemCount = 5;
  // @ts-expect-error recommenders come from load(), sessions from recommenders
  new (await import('attune')).Recommender();
  // @ts-expect-error an unknown item has no metadata to read
  recommender.item('1').metadata;
  // @ts-expect-error metadata are texts
  const year: number | undefined = recommender.item('1')?.metadata['YEAR'];
  // @ts-expect-error a restored history is bytes
  session.restore('text');
  return year;
}

export async function misfollow(): Promise<void> {
  // @ts-expect-error a plain bundle has no versions to follow
  await (await load('shop.attune')).update();
  // @ts-expect-error there is one word for no keys
  await load('manifest.json', { publicKeys: 'all' });
  // @ts-expect-error keys are a list
  await load('manifest.json', { publicKeys: 5 });
  const recommender = await load('manifest.json', { publicKeys: 'none' });
  // @ts-expect-error what a manifest says does not change
  recommender.version = 5;
  // @ts-expect-error the engine is not for others
  recommender.adopt(5);
}

export async function mistrack(tracker: Tracker) {
  // @ts-expect-error consent must be said
  createTracker({ endpoint: '/attune', trackingId: 'key' });
  // @ts-expect-error consent has three values
  createTracker({ endpoint: '/attune', trackingId: 'key', consent: true });
  // @ts-expect-error an event has a type
  await tracker.track({ itemId: '1' });
  // @ts-expect-error a field that does not exist
  await tracker.track({ eventType: 'x', itemID: '1' });
  // @ts-expect-error nobody is null, not nothing
  await tracker.identify();
}
