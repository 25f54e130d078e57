import { type CheckedEvent, kMaxImpression } from './tracked-event.js';

const kMaxLists = 50;

/** The latest lists a user was shown, so that events can say which one they answer. */
export interface ShownLists {
  add(recommendationId: string, itemIds: string[]): void;
  clear(): void;
  /**
   * The event with its list: the one it names, or else the latest that holds its item. What the
   * event says itself stays as it is.
   */
  attribute(event: CheckedEvent): CheckedEvent;
}

export function shownLists(): ShownLists {
  const lists = new Map<string, string[]>();
  return {
    add(recommendationId, itemIds) {
      lists.delete(recommendationId);
      lists.set(recommendationId, itemIds);
      if (lists.size > kMaxLists) lists.delete(lists.keys().next().value!);
    },
    clear: () => lists.clear(),
    attribute(event) {
      const { itemId, impression, recommendationId = latestWith(lists, itemId) } = event;
      const shown = lists.get(recommendationId!);
      if (impression || !shown?.length) return event;
      return { ...event, recommendationId: recommendationId!, impression: topOf(shown, itemId) };
    },
  };
}

function latestWith(lists: Map<string, string[]>, itemId: string | undefined): string | undefined {
  return [...lists].filter(([, ids]) => ids.includes(itemId!)).at(-1)?.[0];
}

/** As many ids as an event may name, from the top, the event's own item among them. */
function topOf(shown: string[], itemId: string | undefined): string[] {
  const ids = shown.slice(0, kMaxImpression);
  if (shown.indexOf(itemId!) >= kMaxImpression) ids[kMaxImpression - 1] = itemId!;
  return ids;
}
