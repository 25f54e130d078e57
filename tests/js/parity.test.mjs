// Native = wasm, to the bit: the arithmetic kernels, and whole lists of golden sessions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { root } from './fixtures.mjs';
import { answersOf } from './golden-run.mjs';
import { GoldenShop, kRecipes, run } from './golden.mjs';

const KERNELS = ['exp', 'log', 'sigmoid and tanh', 'dot and sum', 'softmax', 'norms', 'random numbers', 'topK',
  'scan', 'scale of a softmax', 'filters', 'scan of codes'];

describe('the arithmetic gives the same bits natively and in wasm', () => {
  const native = JSON.parse(run(join(root, 'build/native/print_kernels'), []));
  const module = new WebAssembly.Module(readFileSync(join(root, 'build/wasm/kernels.wasm')));
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

describe('golden sessions give the same ids and scores natively and in wasm', () => {
  let shop;
  let load;

  before(async () => {
    ({ load } = await import(join(root, 'js/dist/node.js')));
    shop = new GoldenShop();
  });
  after(() => shop?.remove());

  for (const [recipe, precision, ...settings] of kRecipes) {
    test(`${recipe}, ${precision}: 300 sessions, 300 related lists and 300 rankings`, async () => {
      const path = shop.train(recipe, precision, ...settings);
      const recommender = await load(path, { wasm: join(root, 'build/wasm/attune.wasm') });
      const requests = shop.requests([...recommender.itemIds()]);
      const [found, wanted] = [answersOf(recommender, requests), shop.nativeAnswers(path, requests)];
      for (const kind of ['lists', 'related', 'rankings']) {
        assert.equal(wanted[kind].length, 300);
        wanted[kind].forEach((answer, n) => assert.deepEqual(found[kind][n], answer, `${kind} ${n}`));
      }
      recommender.dispose();
    });
  }
});
