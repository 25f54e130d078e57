// attune/react: a hook.
import { useEffect, useState, useSyncExternalStore } from 'react';

import { type ListRequest, type ListSource, type ListState, LiveList, sourceKey } from './live-list.js';
import type { Session } from './session.js';
import type { NewEvent, Recommendations } from './types.js';

export { AttuneError } from './errors.js';
export type { ListRequest, ListSource, ListState } from './live-list.js';

export interface RecommendationsOptions extends ListRequest {
  /** A list made on the server; server and first client render show it, then the device's own follows. */
  initial?: Recommendations | undefined;
  /** true: the list follows what is recorded. */
  live?: boolean | undefined;
}

export interface RecommendationsState extends ListState {
  /** Remembers what the user did, with the list at hand unless it names another. Error: `INVALID_ARGUMENT`. */
  record(event: NewEvent): void;
  /** Lists again, after a failure too. */
  refresh(): void;
  /** The open session, for attributes, a tracker or the history; undefined while loading. */
  readonly session: Session | undefined;
}

/**
 * The items for a user, and what is done to them. On the server nothing is loaded: the answer is `initial`,
 * or `loading`. Options are compared by value, so they need no `useMemo`. Without a source (null) it waits.
 */
export function useRecommendations(
  source: ListSource | null | undefined,
  { initial, ...request }: RecommendationsOptions = {},
): RecommendationsState {
  const [list] = useState(() => new LiveList(initial));
  const state = useSyncExternalStore(list.subscribe, list.state, list.state);
  const wanted = JSON.stringify(request);
  useEffect(() => {
    if (source != null) list.show(source, { ...request, live: request.live ?? true });
    // The source and the request by their values: objects written in a component are new each time.
  }, [list, sourceKey(source), wanted]);
  useEffect(() => () => list.close(), [list, sourceKey(source)]);
  const { record, refresh, session } = list;
  return { ...state, record, refresh, session };
}
