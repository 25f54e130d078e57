// attune/edge finds the package's entry for its host in Node, Deno and Bun, and answers alike.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles } from './fixtures.mjs';
import { handlersOf } from './hosts.mjs';

for (const { name, skip, answers } of handlersOf) {
  test(`in ${name} a handler answers as the package does`, { skip }, async () => {
    const { itemList, related, etag, refused } = await answers(bundles.sims);
    const recommender = await load(bundles.sims);
    const session = recommender.session();
    session.record({ itemId: 'b1', timestamp: 1_700_000_000 });
    assert.deepEqual(itemList, session.getRecommendations({ numResults: 5 }).itemList);
    assert.deepEqual(related, recommender.similarItems('a1').itemList);
    assert.match(etag, /^W\/"[0-9a-f]{32}"$/);
    assert.equal(refused.__type, 'InvalidInputException');
    recommender.dispose();
  });
}
