// What must compile, and what must not, of the entries element and react.
import { load, type Recommendations, type Session } from 'attune';
import { AttuneShelf, defineShelf } from 'attune/element';
import { useRecommendations, type RecommendationsState } from 'attune/react';

export async function element(): Promise<Session | undefined> {
  defineShelf();
  const shelf: AttuneShelf | null = document.querySelector('attune-shelf');
  shelf?.addEventListener('attune-select', ({ detail }) => detail.itemId.toUpperCase() + detail.position.toFixed());
  shelf?.addEventListener('attune-error', ({ detail }) => detail.code);
  const made = document.createElement('attune-shelf');
  made.options = { filterValues: { max: 20 }, diversity: true };
  made.recommender = await load('/shop.attune');
  // @ts-expect-error an option that does not exist
  made.options = { numresults: 3 };
  // @ts-expect-error the session is the element's own
  made.session = undefined;
  // @ts-expect-error a URL belongs into src
  made.recommender = '/shop.attune';
  // @ts-expect-error a name is a text
  defineShelf(5);
  return made.session;
}

export function Shelf({ initial }: { initial: Recommendations }): string[] {
  const shown: RecommendationsState = useRecommendations('/shop.attune', { userId: 'me', numResults: 6, initial });
  useRecommendations(null);
  useRecommendations(new URL('https://shop.example/shop.attune'), { similarTo: '42', publicKeys: 'none' });
  // @ts-expect-error a promise is not a source
  useRecommendations(load('/shop.attune'));
  // @ts-expect-error an option that does not exist
  useRecommendations('/shop.attune', { user: 'me' });
  // @ts-expect-error an event needs an item
  shown.record({ eventType: 'click' });
  // @ts-expect-error the list is read-only
  shown.itemList.push(initial.itemList[0]!);
  // @ts-expect-error there is no such status
  if (shown.status === 'done') return [];
  return shown.itemList.map(({ itemId }) => itemId);
}
