// The same golden sessions give the same ids and scores, to the bit, natively and in every host.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { GoldenShop, kRecipes } from '../js/golden.mjs';
import { hosts } from '../js/hosts.mjs';

describe('golden sessions, to the bit', { concurrency: false }, () => {
  let shop;
  const bundles = [];

  before(async () => {
    shop = new GoldenShop();
    for (const [recipe, precision, ...settings] of kRecipes) {
      const path = shop.train(recipe, precision, ...settings);
      const recommender = await load(path);
      const requests = shop.requests([...recommender.itemIds()]);
      recommender.dispose();
      bundles.push({ what: `${recipe}, ${precision}`, path, requests, wanted: shop.nativeAnswers(path, requests) });
    }
  });
  after(() => shop?.remove());

  for (const { name, skip, use } of hosts) {
    test(`${name} answers as the native program does, with every recipe`, { skip }, async () => {
      assert.equal(bundles.length, kRecipes.length);
      await use(async (answersOf) => {
        for (const { what, path, requests, wanted } of bundles) {
          const found = await answersOf(path, requests);
          for (const kind of ['lists', 'related', 'rankings']) {
            assert.equal(found[kind].length, 300);
            wanted[kind].forEach((answer, n) => assert.deepEqual(found[kind][n], answer, `${what}: ${kind} ${n}`));
          }
        }
      });
    });
  }
});
