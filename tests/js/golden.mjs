// Golden sessions: a small shop, bundles of several recipes, and what the native program says to sessions
// of all lengths, with repeats, unknown items and equal times.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from './fixtures.mjs';
import { bitsOf } from './golden-run.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');
export const run = (command, options) =>
  execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const FILTER = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';

/** Recipe, precision and settings of every bundle. */
export const kRecipes = [
  ['popularity-count', 'int8'], ['sims', 'int8'], ['sims', 'f32'],
  ['user-personalization', 'int8', '--set', 'epochs=3'], ['user-personalization', 'f32', '--set', 'epochs=3'],
  // Sessions of some seconds and a short window, so that both end within the golden sessions.
  ...['int8', 'f32'].map((precision) => ['hrnn', precision, '--set', 'epochs=3', 'session_gap_minutes=0.05', 'max_history=16']),
  ['hrnn-coldstart', 'int8', '--set', 'epochs=3', 'cold_start_max_interactions=40', 'cold_start_max_duration=36500', 'hidden_dimension=50'],
  ['personalized-ranking', 'int8', '--set', 'epochs=3'],
];

/** Small repeatable random numbers for the sessions. */
function* randomNumbers(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

export class GoldenShop {
  #folder = mkdtempSync(join(tmpdir(), 'attune-golden-'));

  constructor() {
    run(ATTUNE, ['synth', '--world', 'shop', '--users', '400', '--items', '300', '--interactions', '20000', '--seed', '5', '--output', this.#folder]);
    for (const type of ['items', 'interactions'])
      run(ATTUNE, ['import', '--store', this.#at('s.db'), '--type', type, '--schema', this.#at(`${type}.avsc`), this.#at(`${type}.csv`)]);
  }

  /** The path of a bundle. */
  train(recipe, precision, ...settings) {
    const path = this.#at(`${recipe}-${precision}.attune`);
    run(ATTUNE, ['train', '--store', this.#at('s.db'), '--recipe', recipe, '--precision', precision,
      '--validation', 'none', '--output', path, ...settings]);
    return path;
  }

  /** What to ask of a bundle with these items. */
  requests(itemIds) {
    const random = randomNumbers(11);
    const pick = () => random.next().value;
    const sessions = Array.from({ length: 300 }, (_, n) => ({
      userId: `u${n}`,
      events: Array.from({ length: Math.floor(pick() * 40) }, () => ({
        itemId: pick() < 0.05 ? `unknown ${Math.floor(pick() * 9)}` : itemIds[Math.floor(pick() * itemIds.length)],
        eventType: pick() < 0.5 ? 'View' : 'Purchase',
        timestamp: 1_700_000_000 + Math.floor(pick() * 50),
      })),
    }));
    const more = randomNumbers(3);
    const rankings = sessions.map((session) => ({
      ...session,
      itemList: Array.from({ length: 20 }, () => itemIds[Math.floor(more.next().value * itemIds.length)]),
    }));
    return { sessions, rankings, filter: FILTER, itemIds };
  }

  /** What the native program answers, in the form of golden-run.mjs. */
  nativeAnswers(path, { sessions, rankings, itemIds }) {
    const batch = (requests, ...options) => {
      writeFileSync(this.#at('in.jsonl'), requests.map((line) => JSON.stringify(line)).join('\n') + '\n');
      run(ATTUNE, ['recommend', '--bundle', path, '--input', this.#at('in.jsonl'), '--output', this.#at('out.jsonl'), ...options]);
      return readFileSync(this.#at('out.jsonl'), 'utf8').trim().split('\n').map((line) => {
        const { recommendedItems, scores } = JSON.parse(line).output;
        return { ids: recommendedItems, bits: bitsOf(scores) };
      });
    };
    return {
      lists: batch(sessions, '--num-results', '40', '--filter', FILTER),
      related: batch(itemIds.map((itemId) => ({ itemId })), '--num-results', '15'),
      rankings: batch(rankings),
    };
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #at(name) {
    return join(this.#folder, name);
  }
}
