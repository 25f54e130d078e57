// What an application says of users and requests: checked here, encoded in the runtime.
import { checkText, invalid, meant, show } from './check.js';
import type { Column, Values } from './types.js';

// Amazon Personalize's limits.
const kMaxValues = 150;
const kMaxNameCharacters = 150;
const kMaxValueCharacters = 1000;

/** Names and the text of their values; '' is no value. */
export type NamedTexts = readonly (readonly [string, string])[];

/**
 * The values as text. Names compare with the columns' without case; a bundle without columns takes
 * every name and ignores it.
 */
export function checkValues(
  where: string,
  values: Values | undefined,
  columns: readonly Column[],
): NamedTexts {
  if (values === undefined) return [];
  if (values === null || typeof values !== 'object' || Array.isArray(values)) {
    throw invalid(`${where}: ${show(values)} is not an object of values`);
  }
  const entries = Object.entries(values);
  if (entries.length > kMaxValues) throw invalid(`${where}: more than ${kMaxValues} values`);
  return entries.map(([name, value]) => {
    checkName(where, name, columns);
    return [name, textOf(`${where}.${name}`, value)];
  });
}

function checkName(where: string, name: string, columns: readonly Column[]): void {
  checkText(`${where}: a name`, name, kMaxNameCharacters);
  const names = columns.map((column) => column.name);
  const wanted = name.toLowerCase();
  if (!names.length || names.some((known) => known.toLowerCase() === wanted)) return;
  const hint = meant(name, names);
  const list = hint.includes('known: ') ? '' : ` (columns: ${names.slice(0, 20).join(', ')})`;
  throw invalid(`${where}: unknown column ${show(name)}${hint}${list}`);
}

function textOf(where: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value === 'boolean' || Number.isFinite(value)) return String(value);
  if (typeof value === 'string') return checkText(where, value, kMaxValueCharacters);
  throw invalid(`${where}: ${show(value)} is neither a text nor a finite number nor a boolean`);
}
