// What Workers do when they are imported, so that a first request finds all functions compiled.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';

import { rehearseRequest } from '../../build/js/edge-rehearsal.js';
import { createHandler } from '../../js/dist/edge-node.js';
import { load } from '../../js/dist/node.js';
import { kRehearsalEvents, rehearsalBundle, rehearse } from '../../js/dist/rehearsal.js';
import { bundles, root } from './fixtures.mjs';
import { reasonToSkip, Worker } from './workerd.mjs';

test('a rehearsal opens its bundle, knows the items of its events and makes a list', async () => {
  const recommender = await load(rehearsalBundle());
  assert.equal(recommender.recipe, 'user-personalization');
  for (const { itemId } of kRehearsalEvents) assert.ok(recommender.has(itemId));
  await rehearse(load);
});

test('a rehearsed request is answered with a list', async () => {
  let answered;
  await rehearseRequest((options) => {
    const handler = createHandler(options);
    return async (...call) => (answered = await handler(...call));
  });
  assert.equal(answered.status, 200);
  assert.equal((await answered.json()).itemList.length, 4);
});

/** Of how many functions the module makes code at first calls while a program of Node runs, which must print nothing: that loses lines. */
function compiledBy(program) {
  const imports = `
    import { load } from './js/dist/node.js';
    import { rehearse } from './js/dist/rehearsal.js';
  `;
  const flags = ['--trace-wasm-compilation-times', '--input-type=module', '--eval', imports + program];
  return execFileSync(process.execPath, flags, { cwd: root, encoding: 'utf8' }).match(/ using Liftoff/g)?.length ?? 0;
}

test('after a rehearsal hardly a function of the module is left for a first list to compile', () => {
  const first = `
    const session = (await load(${JSON.stringify(bundles.query)})).session();
    for (let i = 1; i < 9; i++) session.record({ itemId: 'a' + i });
    session.getRecommendations({ numResults: 25 });
  `;
  const without = compiledBy(first);
  const left = compiledBy(`await rehearse(load); ${first}`) - compiledBy('await rehearse(load);');
  assert.ok(without > 100, `${without} without a rehearsal`);
  assert.ok(left < without / 10, `${left} after one, ${without} without`);
});

describe('a Worker', { skip: reasonToSkip }, () => {
  // No Response can be made before there is a request; that all else went well is told by the one that was tried.
  const program = `
    import { load } from 'attune';
    import { createHandler, HistoryObject } from 'attune/edge';
    import { rehearseRequest } from '../../build/js/edge-rehearsal.js';
    import { rehearse } from '../../build/js/rehearsal.js';
    const { Response } = globalThis;
    const tried = [];
    globalThis.Response = class { constructor(body, { status }) { tried.push({ status, items: JSON.parse(body).itemList.length }); } };
    const said = (work) => work.then(() => 'done', (error) => error.stack);
    const all = Promise.all([said(rehearse(load)), said(rehearseRequest(createHandler))]);
    all.then(() => { globalThis.Response = Response; });
    export { HistoryObject };
    export default { fetch: async () => Response.json({ outcomes: await all, tried }) };
  `;
  let worker;
  before(async () => {
    worker = await Worker.start('rehearsal', program);
  });
  after(() => worker?.stop());

  test('rehearses before it has a request', async () => {
    const { outcomes, tried } = await (await fetch(worker.url)).json();
    assert.deepEqual(outcomes, ['done', 'done']);
    // Its own, of the package's entry, is the other one.
    assert.deepEqual(tried, Array(2).fill({ status: 200, items: 4 }));
    assert.equal(worker.errors, '');
  });
});
