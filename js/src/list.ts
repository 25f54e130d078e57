// What goes to the module for a list, and what comes back.
import type { ControlUse } from './controls.js';
import type { FilterUse } from './filter.js';

/** How an item came into a list: 0 by rank, 1 explored, 2 + the number of its promotion. */
export type Mark = { how: number; propensity: number };
/** Numbers of items, best first, their scores, and, until the next call, marks if there were controls. */
export type Ranked = {
  items: number[];
  scores: number[];
  mark: (place: number) => Mark | undefined;
};
/** What a ranking asks for as the module takes it. */
export type RankingUse = {
  filter: FilterUse;
  now: number;
};
/** The same of a list. */
export type ListUse = RankingUse & {
  numResults: number;
  controls: ControlUse | undefined;
  exact: boolean | undefined;
};
