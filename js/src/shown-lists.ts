import { type CheckedEvent, kMaxImpression } from './tracked-event.js';

const kMaxLists = 50;

/** The latest lists a user was shown, so that events can say which one they answer. */
export class ShownLists {
  readonly #lists = new Map<string, readonly string[]>();

  add(recommendationId: string, itemIds: readonly string[]): void {
    this.#lists.delete(recommendationId);
    this.#lists.set(recommendationId, itemIds);
    if (this.#lists.size > kMaxLists) this.#lists.delete(this.#lists.keys().next().value!);
  }

  clear(): void {
    this.#lists.clear();
  }

  /**
   * The event with its list: the one it names, or else the latest that holds its item. What the
   * event says itself stays as it is.
   */
  attribute(event: CheckedEvent): CheckedEvent {
    if (event.impression) return event;
    const recommendationId = event.recommendationId ?? this.#latestWith(event.itemId);
    if (recommendationId === undefined) return event;
    const shown = this.#lists.get(recommendationId);
    if (!shown?.length) return event;
    return { ...event, recommendationId, impression: topOf(shown, event.itemId) };
  }

  #latestWith(itemId: string | undefined): string | undefined {
    const holding = [...this.#lists].filter(([, ids]) => ids.includes(itemId!));
    return holding.at(-1)?.[0];
  }
}

/** As many ids as an event may name, from the top, the event's own item among them. */
function topOf(shown: readonly string[], itemId: string | undefined): readonly string[] {
  const ids = shown.slice(0, kMaxImpression);
  const own = shown.indexOf(itemId!);
  if (own >= kMaxImpression) ids[kMaxImpression - 1] = itemId!;
  return ids;
}
