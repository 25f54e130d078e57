// What a request says about the list as a whole: checked here, obeyed in the module.
import type { Catalogue } from './catalogue.js';
import { checkCount, checkOptions, checkText, invalid, show } from './check.js';
import type { Filters, FilterUse } from './filter.js';
import type { ControlOptions, Promotion } from './types.js';

const kMaxDays = 36_500;
const kMaxSeed = 2 ** 32 - 1;

/** The largest value and the default of each number, in the module's order. */
const kNumbers = {
  diversity: [1, 0],
  popularityDiscount: [1, 0],
  freshnessBoost: [10, 0],
  freshnessDays: [kMaxDays, 30],
  explorationWeight: [1, 0],
  explorationItemAgeCutOff: [kMaxDays, 30],
  seed: [kMaxSeed, 0],
} as const;

export const kControlOptions = [
  ...(Object.keys(kNumbers) as (keyof typeof kNumbers)[]),
  'promotions',
  'maxPerValue',
] as const;

/** Controls as the module takes them: nine numbers, then promotions. */
export interface ControlUse {
  numbers: readonly number[];
  promotions: readonly { name: string; percent: number; filter: FilterUse }[];
  weight: number;
}

/** Undefined when nothing is asked for. */
export function checkControls(
  options: ControlOptions,
  catalogue: Catalogue,
): ControlUse | undefined {
  if (kControlOptions.every((name) => options[name] === undefined)) return undefined;
  const checked = { seed: Math.random() * kMaxSeed, ...options };
  if (typeof checked.diversity === 'boolean') checked.diversity = checked.diversity ? 0.5 : 0;
  const [diversity, discount, boost, days, weight, cutOff, seed] = Object.entries(kNumbers).map(
    ([name, [most, otherwise]]) =>
      within(name, checked[name as keyof typeof kNumbers] ?? otherwise, most),
  ) as [number, number, number, number, number, number, number];
  // Both are by the time of an item's creation.
  if (boost || weight) catalogue.columnNumbers('', []);
  const { column, count } = checkOptions('maxPerValue', options.maxPerValue, ['column', 'count']);
  const maximum =
    column === undefined
      ? [0, -1]
      : [
          checkCount('maxPerValue', count, 1),
          ...catalogue.columnNumbers('maxPerValue', [column]),
        ];
  return {
    // Half-lives of no time at all would divide by 0.
    numbers: [diversity, ...maximum, discount, boost, days || 1e-6, weight, cutOff, seed],
    promotions: checkPromotions(options.promotions ?? [], catalogue.filters),
    weight,
  };
}

function within(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw invalid(`${name}: ${show(value)} is not a number from 0 to ${most}`);
}

function checkPromotions(list: readonly Promotion[], filters: Filters): ControlUse['promotions'] {
  if (!Array.isArray(list)) throw invalid(`promotions: ${show(list)} is not an array`);
  let left = 100;
  return (list as readonly Promotion[]).map((promotion, i) => {
    const where = `promotions[${i}]`;
    const known = ['name', 'percentPromotedItems', 'filter', 'filterValues'];
    const { name, ...checked } = checkOptions(where, promotion, known);
    const percent = checkCount(`${where}.percentPromotedItems`, checked.percentPromotedItems, 1);
    left -= percent;
    if (left < 0) throw invalid('promotions: more than 100 percent of the list');
    // Personalize has one. The module has a limit of its own.
    if (filters.compatible && i) throw invalid('promotions: more than one');
    return {
      name: checkText(`${where}.name`, name),
      percent,
      filter: filters.use(checked.filter, checked.filterValues),
    };
  });
}
