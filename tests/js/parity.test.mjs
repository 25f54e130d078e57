// Native = wasm, to the bit: the arithmetic kernels, and whole lists of golden sessions.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NATIVE = join(ROOT, 'build/native');
const ATTUNE = process.env.ATTUNE_BIN ?? join(NATIVE, 'attune');
const run = (command, options) => execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const KERNELS = ['exp', 'log', 'sigmoid and tanh', 'dot and sum', 'softmax', 'norms', 'random numbers', 'topK',
  'scan', 'scale of a softmax', 'filters'];

describe('the arithmetic gives the same bits natively and in wasm', () => {
  const native = JSON.parse(run(join(NATIVE, 'print_kernels'), []));
  const module = new WebAssembly.Module(readFileSync(join(ROOT, 'build/wasm/kernels.wasm')));
  const wasm = new WebAssembly.Instance(module, {}).exports;
  wasm._initialize();

  test('every kernel is compared', () => {
    assert.equal(wasm.attune_kernel_count(), KERNELS.length);
    assert.equal(native.length, KERNELS.length);
  });

  KERNELS.forEach((name, kernel) => {
    test(`${name}: 20 hashes of thousands of results each`, () => {
      const hashes = native[kernel].map((_, seed) => wasm.attune_kernel_hash(kernel, seed) >>> 0);
      assert.deepEqual(hashes, native[kernel]);
      assert.equal(new Set(hashes).size, hashes.length, 'different inputs give different hashes');
    });
  });
});

/** Small repeatable random numbers for the sessions. */
function* randomNumbers(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe('golden sessions give the same ids and scores natively and in wasm', () => {
  let folder;
  let load;
  const at = (name) => join(folder, name);

  before(async () => {
    ({ load } = await import(join(ROOT, 'js/dist/node.js')));
    folder = mkdtempSync(join(tmpdir(), 'attune-parity-'));
    run(ATTUNE, ['synth', '--world', 'shop', '--users', '400', '--items', '300', '--interactions', '20000', '--seed', '5', '--output', folder]);
    for (const type of ['items', 'interactions'])
      run(ATTUNE, ['import', '--store', at('s.db'), '--type', type, '--schema', at(`${type}.avsc`), at(`${type}.csv`)]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const FILTER = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';

  /** Sessions of all lengths, with repeats, unknown items and equal times. */
  function sessions(itemIds) {
    const random = randomNumbers(11);
    const pick = () => random.next().value;
    return Array.from({ length: 300 }, (_, n) => ({
      userId: `u${n}`,
      events: Array.from({ length: Math.floor(pick() * 40) }, () => ({
        itemId: pick() < 0.05 ? `unknown ${Math.floor(pick() * 9)}` : itemIds[Math.floor(pick() * itemIds.length)],
        eventType: pick() < 0.5 ? 'View' : 'Purchase',
        timestamp: 1_700_000_000 + Math.floor(pick() * 50),
      })),
    }));
  }

  for (const [recipe, precision, ...settings] of [
    ['popularity-count', 'int8'], ['sims', 'int8'], ['sims', 'f32'],
    ['user-personalization', 'int8', '--set', 'epochs=3'], ['user-personalization', 'f32', '--set', 'epochs=3'],
    // Sessions of some seconds and a short window, so that both end within the golden sessions.
    ...['int8', 'f32'].map((precision) => ['hrnn', precision, '--set', 'epochs=3', 'session_gap_minutes=0.05', 'max_history=16']),
    ['hrnn-coldstart', 'int8', '--set', 'epochs=3', 'cold_start_max_interactions=40', 'cold_start_max_duration=36500', 'hidden_dimension=50'],
    ['personalized-ranking', 'int8', '--set', 'epochs=3'],
  ]) {
    test(`${recipe}, ${precision}: 300 sessions, 300 related lists and 300 rankings`, async () => {
      run(ATTUNE, ['train', '--store', at('s.db'), '--recipe', recipe, '--precision', precision,
        '--validation', 'none', '--output', at('m.attune'), ...settings]);
      const recommender = await load(at('m.attune'), { wasm: join(ROOT, 'build/wasm/attune.wasm') });
      const ids = [...recommender.itemIds()];
      const lists = sessions(ids);
      const random = randomNumbers(3);
      const rankings = lists.map((session) => ({
        ...session,
        itemList: Array.from({ length: 20 }, () => ids[Math.floor(random.next().value * ids.length)]),
      }));

      const batch = (requests, ...options) => {
        writeFileSync(at('in.jsonl'), requests.map((line) => JSON.stringify(line)).join('\n') + '\n');
        run(ATTUNE, ['recommend', '--bundle', at('m.attune'), '--input', at('in.jsonl'), '--output', at('out.jsonl'), ...options]);
        return readFileSync(at('out.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line).output);
      };
      const bits = (scores) => [...new Uint32Array(Float32Array.from(scores).buffer)];
      const same = (items, output, what) => {
        assert.deepEqual(items.map((item) => item.itemId), output.recommendedItems, what);
        assert.deepEqual(bits(items.map((item) => item.score)), bits(output.scores), what);
      };
      const opened = (request) => {
        const session = recommender.session();
        for (const event of request.events) session.record(event);
        return session;
      };

      batch(lists, '--num-results', '40', '--filter', FILTER).forEach((output, n) => {
        const { itemList } = opened(lists[n]).getRecommendations({ numResults: 40, filter: FILTER });
        same(itemList, output, `session ${n}`);
      });
      batch(ids.map((itemId) => ({ itemId })), '--num-results', '15').forEach((output, n) => {
        same(recommender.similarItems(ids[n], { numResults: 15 }).itemList, output, `item ${ids[n]}`);
      });
      batch(rankings).forEach((output, n) => {
        const { personalizedRanking } = opened(rankings[n]).getPersonalizedRanking({ inputList: rankings[n].itemList });
        same(personalizedRanking, output, `ranking ${n}`);
      });
      recommender.dispose();
    });
  }
});
