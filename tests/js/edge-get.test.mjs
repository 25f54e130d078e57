// The lists of attune/edge that caches keep: GET /recommend, /related and /rank.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { campaignArn, Edge, good, ORIGIN, refused } from './edge-site.mjs';
import { bundles, kNastyIds } from './fixtures.mjs';

test('the GET forms list what the POST forms list', async () => {
  const edge = new Edge({ filters: { war: 'INCLUDE ItemID WHERE Items.GENRES IN ($G)' } });
  await good(await edge.click('ada', 'b1'));
  const lists = async (path, posted, body) => {
    const { recommendationId: _, ...got } = await good(await edge.get(path));
    const { recommendationId: __, ...wanted } = await good(await edge.post(posted, { campaignArn, ...body }));
    assert.deepEqual(got, wanted);
  };
  await lists('/recommend/ada?numResults=3&metadata=TITLE,GENRES', '/recommendations', {
    userId: 'ada', numResults: 3, metadataColumns: { ITEMS: ['TITLE', 'GENRES'] },
  });
  await lists('/related/a1', '/recommendations', { itemId: 'a1' });
  await lists('/rank/ada/a1,b2,nowhere', '/personalize-ranking', { userId: 'ada', inputList: ['a1', 'b2', 'nowhere'] });
  const filtered = await good(await edge.get('/recommend/ada?filter=war&filterValues.G=%22war%22'));
  assert.deepEqual(filtered.itemList.map(({ itemId }) => itemId[0]), Array(6).fill('b'));
});

test('ids of all kinds go through a path', async () => {
  const edge = new Edge();
  for (const id of kNastyIds) {
    const path = `/rank/ada/${encodeURIComponent(id)},${encodeURIComponent('a1')}`;
    const { personalizedRanking } = await good(await edge.get(path));
    assert.deepEqual(personalizedRanking.map(({ itemId }) => itemId).toSorted(), [id, 'a1'].toSorted());
    assert.ok(personalizedRanking.every(({ score }) => score > 0));
  }
  await refused(await edge.get('/recommend/%ff'), 400, 'InvalidInputException', /not well encoded/);
});

test('a list has a tag, and is not sent again while it is the same', async () => {
  const edge = new Edge();
  const first = await edge.get('/recommend/ada');
  const etag = first.headers.get('etag');
  assert.match(etag, /^W\/"[0-9a-f]{32}"$/);
  assert.equal((await edge.get('/recommend/ada')).headers.get('etag'), etag);
  for (const given of [etag, `"other", ${etag}`, '*', etag.slice(2)]) {
    const again = await edge.get('/recommend/ada', { 'if-none-match': given });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
    assert.equal(again.headers.get('etag'), etag);
  }
  await good(await edge.get('/recommend/ada', { 'if-none-match': '"other"' }));
  await good(await edge.click('ada', 'b1'));
  const changed = await edge.get('/recommend/ada', { 'if-none-match': etag });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.get('etag'), etag);
});

test('only what is of nobody may be kept by shared caches, for as long as the host says', async () => {
  const control = async (edge, path) => (await edge.get(path)).headers.get('cache-control');
  const edge = new Edge({ maxAgeSeconds: { related: 3600, rank: 0 } });
  assert.equal(await control(edge, '/related/a1'), 'public, max-age=3600');
  assert.equal(await control(edge, '/recommend/ada'), 'private, max-age=30');
  assert.equal(await control(edge, '/rank/ada/a1'), 'no-cache');
  assert.equal(await control(edge, '/related/a1?numResults=x'), 'no-store');
  assert.equal((await edge.post('/recommendations', { campaignArn, userId: 'u' })).headers.get('cache-control'), 'no-store');
});

test('HEAD gives the headers alone', async () => {
  const edge = new Edge();
  const response = await edge.send(new Request(`${ORIGIN}/related/a1`, { method: 'HEAD' }));
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
  assert.equal(response.headers.get('etag'), (await edge.get('/related/a1')).headers.get('etag'));
});

test('parameters that mean nothing are refused, with what may have been meant', async () => {
  const edge = new Edge({ campaigns: { shop: { bundle: bundles.sims } } });
  for (const [path, message, status = 400, type = 'InvalidInputException'] of [
    ['/recommend/u?numresult=5', /did you mean "numResults"/],
    ['/recommend/u?numResults=five', /^numResults must be a number$/],
    ['/recommend/u?numResults=501', /0 to 500/],
    ['/recommend/u?context=x', /unknown parameter context/],
    ['/recommend/u?campaign=none', /^Campaign none not found$/, 404, 'ResourceNotFoundException'],
    ['/recommend/u?filter=none', /no filter none/, 404, 'ResourceNotFoundException'],
    ['/recommend/', /^userId is empty$/],
    ['/recommend/u/x', /nothing at GET/, 404, 'UnknownOperationException'],
    ['/rank/u', /nothing at GET/, 404, 'UnknownOperationException'],
    ['/rank/u/a1,,b1', /inputList\[1\] is empty/],
  ]) {
    await refused(await edge.get(path), status, type, message);
  }
});

test('context may be in the address', async () => {
  const edge = new Edge({ bundle: bundles.query });
  const { itemList } = await good(await edge.get('/recommend/u?numResults=5&context.DEVICE=tv'));
  assert.ok(itemList.every(({ itemId }) => itemId.startsWith('tv-')));
});
