// attune/edge: Personalize's runtime and events APIs as a function from Request to Response.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createHandler } from '../../js/dist/edge-node.js';
import { load } from '../../js/dist/node.js';
import { ARN, campaignArn, Edge, good, refused } from './edge-site.mjs';
import { bundles, errorOf, kExcludeSeen, kGroups } from './fixtures.mjs';
import { manifestOf, newKey, shop, signed, Site } from './publishing.mjs';

const isOfGroup = (group) => (id) => kGroups[group].includes(id);

test('GetRecommendations answers as the package does, with the same scores', async () => {
  const edge = new Edge();
  const body = { campaignArn, userId: 'u1', numResults: 4, metadataColumns: { ITEMS: ['TITLE', 'GENRES'] } };
  const answer = await good(await edge.post('/recommendations', body));
  const recommender = await load(bundles.sims);
  const { itemList } = recommender.session().getRecommendations({ numResults: 4, metadataColumns: body.metadataColumns });
  assert.deepEqual(answer.itemList, itemList);
  assert.match(answer.recommendationId, /^RID-.{36}$/);
  recommender.dispose();
});

test('numResults is 25 unless given, and may be 0', async () => {
  const edge = new Edge();
  assert.equal((await good(await edge.post('/recommendations', { campaignArn, userId: 'u1' }))).itemList.length, 25);
  assert.deepEqual(await edge.idsFor('u1', { body: { numResults: 0 } }), []);
});

test('an event counts in the very next list, for its user only', async () => {
  const edge = new Edge();
  const before = await edge.idsFor('ada');
  assert.deepEqual(await good(await edge.click('ada', 'b1')), {});
  assert.ok((await edge.idsFor('ada')).slice(0, 3).every(isOfGroup('b')));
  assert.deepEqual(await edge.idsFor('bob'), before);
});

test('events without a userId are found by sending the sessionId as userId', async () => {
  const edge = new Edge();
  await good(await edge.click(undefined, 'b1'));
  assert.ok((await edge.idsFor('s1')).slice(0, 3).every(isOfGroup('b')));
});

test('an event that is sent again is in the history once', async () => {
  const recommender = await load(bundles.sims);
  const store = new Map();
  const kept = new Edge({
    bundle: recommender,
    store: { load: async (key) => store.get(key), save: async (key, bytes) => store.set(key, bytes), remove: async () => {} },
  });
  for (let i = 0; i < 3; i++) await good(await kept.click('ada', 'b1', { sentAt: 1_700_000_000 }));
  const session = recommender.session();
  session.restore(store.get('ada'));
  assert.equal(session.history.length, 1);
  recommender.dispose();
});

test('the history may be in the request, and then stands in for the stored one', async () => {
  const edge = new Edge();
  await good(await edge.click('ada', 'b1'));
  const events = [{ itemId: 'a1', eventType: 'click', timestamp: 1_700_000_000 }];
  assert.ok((await edge.idsFor('ada', { body: { events } })).slice(0, 3).every(isOfGroup('a')));
  assert.ok((await edge.idsFor('ada')).slice(0, 3).every(isOfGroup('b')));
  assert.ok((await edge.idsFor(undefined, { body: { events } })).slice(0, 3).every(isOfGroup('a')), 'nobody in particular');
});

test('filters are named by filterArn: those of the handler and of the bundle; an unknown one is 404', async () => {
  const edge = new Edge({ filters: { unseen: kExcludeSeen, genre: 'INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)' } });
  await good(await edge.click('ada', 'b1'));
  const filterArn = `${ARN}filter/unseen`;
  assert.ok(!(await edge.idsFor('ada', { body: { filterArn, numResults: 30 } })).includes('b1'));
  const genre = { filterArn: `${ARN}filter/genre`, filterValues: { GENRE: '"war","none"' }, numResults: 30 };
  assert.deepEqual((await edge.idsFor('ada', { body: genre })).toSorted(), kGroups.b);
  for (const name of ['other', 'constructor', '__proto__']) {
    const body = { campaignArn, userId: 'u', filterArn: `${ARN}filter/${name}` };
    await refused(await edge.post('/recommendations', body), 404, 'ResourceNotFoundException', /no filter/);
  }
});

test('a promotion keeps its share, and its items carry its name', async () => {
  const edge = new Edge({ filters: { war: 'INCLUDE ItemID WHERE Items.GENRES IN ("war")' } });
  const promotions = [{ name: 'summer', percentPromotedItems: 50, filterArn: `${ARN}filter/war` }];
  const { itemList } = await good(await edge.post('/recommendations', { campaignArn, userId: 'u', numResults: 4, promotions }));
  const promoted = itemList.filter(({ promotionName }) => promotionName === 'summer');
  assert.equal(promoted.length, 2);
  assert.ok(promoted.every(({ itemId, reason }) => isOfGroup('b')(itemId) && reason[0] === 'Promoted item'));
});

test('a recipe of related items answers about the item, for one it does not know with popular items', async () => {
  const edge = new Edge();
  const like = (itemId) => edge.idsFor('ada', { body: { itemId, numResults: 3 } });
  assert.ok((await like('b2')).every(isOfGroup('b')));
  assert.deepEqual(await like('nowhere'), await edge.idsFor('nobody', { body: { numResults: 3 } }));
  await refused(await edge.post('/recommendations', { campaignArn }), 400, 'InvalidInputException', /^itemId is missing$/);
});

test('GetPersonalizedRanking ranks, unknown items last and without a score', async () => {
  const edge = new Edge();
  await good(await edge.click('ada', 'b1'));
  const body = { campaignArn, userId: 'ada', inputList: ['a1', 'nowhere', 'b2'], metadataColumns: { ITEMS: ['TITLE'] } };
  const { personalizedRanking } = await good(await edge.post('/personalize-ranking', body));
  assert.deepEqual(personalizedRanking.map(({ itemId }) => itemId), ['b2', 'a1', 'nowhere']);
  assert.equal(personalizedRanking[0].metadata.TITLE, 'Bravo 2');
  assert.equal('score' in personalizedRanking[2], false);
});

test('GetPersonalizedRanking leaves out what the filter of its filterArn does not let pass', async () => {
  const edge = new Edge({ filters: { unseen: kExcludeSeen, only: 'INCLUDE ItemID WHERE Items.ITEM_ID IN ($IDS)' } });
  await good(await edge.click('ada', 'b1'));
  const ranked = async (filter, filterValues) => {
    const body = { campaignArn, userId: 'ada', inputList: ['b1', 'a1', 'nowhere'], filterArn: `${ARN}filter/${filter}`, filterValues };
    const { personalizedRanking } = await good(await edge.post('/personalize-ranking', body));
    return personalizedRanking.map(({ itemId }) => itemId);
  };
  assert.deepEqual(await ranked('unseen'), ['a1', 'nowhere']);
  assert.deepEqual(await ranked('only', { IDS: '"b1"' }), ['b1']);
  const body = { campaignArn, userId: 'ada', inputList: ['b1'], filterArn: `${ARN}filter/none` };
  await refused(await edge.post('/personalize-ranking', body), 404, 'ResourceNotFoundException', /no filter none/);
});

test('context is what the request says, and columns that the model does not know break nothing', async () => {
  const edge = new Edge({ bundle: bundles.query });
  const list = (context) => edge.idsFor('u', { body: { context } });
  const phone = await list({ DEVICE: 'phone', WEATHER: 'rain' });
  assert.ok(phone.every((id) => id.startsWith('phone-')), phone.join());
  assert.ok((await list({ device: 'tv' })).every((id) => id.startsWith('tv-')));
});

test('campaigns answer by their names, others are not found', async () => {
  const offers = { bundle: bundles.popularity, actions: true };
  const edge = new Edge({ campaigns: { shop: { bundle: bundles.sims }, films: { bundle: readFileSync(bundles.later) }, offers } });
  const body = (name) => ({ campaignArn: `${ARN}campaign/${name}`, userId: 'u', numResults: 40 });
  const ids = async (name) => (await good(await edge.post('/recommendations', body(name)))).itemList.map(({ itemId }) => itemId);
  assert.ok((await ids('films')).includes('c1') && !(await ids('shop')).includes('c1'));
  await refused(await edge.post('/recommendations', body('none')), 404, 'ResourceNotFoundException', /^Campaign none not found$/);
  await refused(await edge.post('/recommendations', body('offers')), 400, 'InvalidInputException', /actions, not items/);
  const { actionList } = await good(await edge.post('/action-recommendations', { ...body('offers'), numResults: undefined }));
  assert.equal(actionList.length, 5);
  assert.deepEqual(Object.keys(actionList[0]), ['actionId', 'score']);
  await refused(await edge.post('/action-recommendations', body('shop')), 400, 'InvalidInputException', /items, not actions/);
});

test('recommenderArn names a recommender; exactly one ARN must be there', async () => {
  const edge = new Edge();
  const recommenderArn = `${ARN}recommender/r1`;
  await good(await edge.post('/recommendations', { recommenderArn, userId: 'u' }));
  for (const [arns, message] of [
    [{ recommenderArn, campaignArn }, /only one/],
    [{}, /^campaignArn or recommenderArn is missing$/],
    [{ campaignArn: 'shop' }, /^campaignArn must be arn:/],
    [{ campaignArn: `${ARN}recommender/r1` }, /^campaignArn must be arn:/],
  ]) {
    await refused(await edge.post('/recommendations', { ...arns, userId: 'u' }), 400, 'InvalidInputException', message);
  }
});

const kBadLists = [
  [{ numResults: 501 }, /^numResults must be a whole number from 0 to 500$/],
  [{ numResults: 51, metadataColumns: { ITEMS: ['TITLE'] } }, /from 0 to 50$/],
  [{ numResults: 1.5 }, /^numResults/],
  [{ numResults: '5' }, /^numResults must be a number$/],
  [{ userId: '' }, /^userId is empty$/],
  [{ userId: 'x'.repeat(257) }, /^userId is longer than 256 characters$/],
  [{ userId: 7 }, /^userId must be a string$/],
  [{ userId: '\ud800' }, /^userId is not well-formed text$/],
  [{ context: [] }, /^context must be an object$/],
  [{ context: { 'a b': 'x' } }, /^a name in context/],
  [{ context: { A: 1 } }, /^context.A must be a string$/],
  [{ filterValues: Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`k${i}`, '1'])) }, /^filterValues has more than 25/],
  [{ metadataColumns: { ITEMS: ['NOWHERE'] } }, /NOWHERE/],
  [{ metadataColumns: { ITEMS: [] } }, /^metadataColumns.ITEMS must hold 1 to 10/],
  [{ promotions: [{ percentPromotedItems: 5 }] }, /^promotions\[0\].name is missing$/],
  [{ promotions: [{ name: 'a' }] }, /percentPromotedItems is missing$/],
  [{ promotions: [{ name: 'a', percentPromotedItems: 101 }] }, /from 1 to 100$/],
  [{ promotions: [{ name: 'a', percentPromotedItems: 1 }, { name: 'b', percentPromotedItems: 1 }] }, /1 to 1 entries/],
  [{ events: [{ eventType: 'x' }] }, /^events\[0\].itemId is missing$/],
  [{ events: [{ itemId: 'a1', timestamp: 1e15 }] }, /timestamp/],
];

test('a list that cannot be made is refused with one line that says why', async () => {
  const edge = new Edge();
  for (const [more, message] of kBadLists) {
    const response = await edge.post('/recommendations', { campaignArn, userId: 'u1', ...more });
    await refused(response, 400, 'InvalidInputException', message);
  }
});

test('null counts as missing, unknown members are ignored, and what all objects inherit is not there', async () => {
  const edge = new Edge();
  await good(await edge.post('/recommendations', { campaignArn, userId: 'u', itemId: null, future: { a: 1 } }));
  const text = `{"campaignArn":"${campaignArn}","userId":"u","__proto__":{"numResults":"bad"}}`;
  await good(await edge.post('/recommendations', text));
  assert.equal({}.numResults, undefined);
});

const event = { eventType: 'click', itemId: 'a1', sentAt: 1_700_000_000 };
const kBadEvents = [
  [{ trackingId: undefined }, /^trackingId is missing$/],
  [{ sessionId: '' }, /^sessionId is empty$/],
  [{ eventList: undefined }, /^eventList is missing$/],
  [{ eventList: [] }, /^eventList must hold 1 to 10 entries, not 0$/],
  [{ eventList: Array(11).fill(event) }, /not 11$/],
  [{ eventList: [{ ...event, eventType: undefined }] }, /^eventList\[0\].eventType is missing$/],
  [{ eventList: [{ ...event, sentAt: 0 }] }, /before the year 2000$/],
  [{ eventList: [{ ...event, sentAt: 1e10 }] }, /more than a day in the future$/],
  [{ eventList: [{ ...event, properties: '[]' }] }, /properties must be a JSON object in a string$/],
  [{ eventList: [{ ...event, properties: '{' }] }, /properties must be a JSON object in a string$/],
  [{ eventList: [{ ...event, properties: 'x'.repeat(1025) }] }, /longer than 1024/],
  [{ eventList: [{ ...event, impression: Array(26).fill('a1') }] }, /impression must hold 1 to 25/],
  [{ eventList: [{ ...event, recommendationId: 'x'.repeat(41) }] }, /recommendationId is longer than 40/],
  [{ eventList: [{ ...event, metricAttribution: {} }] }, /eventAttributionSource is missing$/],
  [{ eventList: [{ ...event, eventValue: '4' }] }, /eventValue must be a number$/],
];

test('events that Personalize would not take are refused, and nothing of them is kept', async () => {
  const edge = new Edge();
  const before = await edge.idsFor('ada');
  for (const [more, message] of kBadEvents) {
    const body = { trackingId: 'key', sessionId: 's', userId: 'ada', eventList: [{ ...event, itemId: 'b1' }], ...more };
    await refused(await edge.post('/events', body), 400, 'InvalidInputException', message);
  }
  assert.deepEqual(await edge.idsFor('ada'), before);
});

test('what is no request is told so: bodies, methods, types, paths', async () => {
  const edge = new Edge({ basePath: '/edge/v1' });
  const body = { campaignArn, userId: 'u' };
  await good(await edge.post('/edge/v1/recommendations', body));
  await refused(await edge.post('/recommendations', body), 404, 'UnknownOperationException');
  await refused(await edge.post('/edge/v1/nowhere', body), 404, 'UnknownOperationException');
  await refused(await edge.post('/edge/v1/recommendations', '{"a":'), 400, 'InvalidInputException', /not valid JSON/);
  await refused(await edge.post('/edge/v1/recommendations', '[]'), 400, 'InvalidInputException', /^the body must be a JSON object$/);
  await refused(await edge.post('/edge/v1/recommendations', new Uint8Array([0x22, 0xff])), 400, 'InvalidInputException', /UTF-8/);
  await refused(await edge.post('/edge/v1/recommendations', ' '.repeat(2 ** 20 + 1)), 413, 'RequestEntityTooLargeException');
  const plain = { 'content-type': 'text/plain' };
  await refused(await edge.post('/edge/v1/events', body, plain), 415, 'UnsupportedMediaTypeException');
  const response = await edge.get('/edge/v1/recommendations');
  assert.equal(response.headers.get('allow'), 'POST');
  await refused(response, 405, 'MethodNotAllowedException');
});

test('too many requests are 429 ThrottlingException, by the word of the host', async () => {
  const operations = [];
  const edge = new Edge({ admit: (operation) => operations.push(operation) < 2 });
  await good(await edge.post('/recommendations', { campaignArn, userId: 'u' }));
  await refused(await edge.click('u', 'a1'), 429, 'ThrottlingException', /^Rate exceeded$/);
  await refused(await edge.get('/recommend/u'), 429, 'ThrottlingException');
  assert.deepEqual(operations, ['GetRecommendations', 'PutEvents', 'GetRecommendations']);
});

test('a bundle that cannot be had is 503, the host is told why, and the next request tries again', async () => {
  let tries = 0;
  const bundle = () => {
    if (++tries === 1) throw new Error('the bucket is away: secret');
    return readFileSync(bundles.sims);
  };
  const edge = new Edge({ bundle });
  const response = await edge.post('/recommendations', { campaignArn, userId: 'u' });
  await refused(response, 503, 'ServiceUnavailableException', /^the bundle cannot be had at the moment$/);
  assert.match(String(edge.errors.find((error) => error.cause)?.cause), /the bucket is away/);
  await good(await edge.post('/recommendations', { campaignArn, userId: 'u' }));
  await good(await edge.post('/recommendations', { campaignArn, userId: 'u' }));
  assert.equal(tries, 2);
});

test('a manifest is followed behind the answers', async (t) => {
  const site = await new Site().start();
  t.after(() => site.stop());
  const key = newKey();
  site.publish(signed(manifestOf(shop), key));
  const edge = new Edge({ bundle: site.manifest, load: { publicKeys: [key.text] }, updateSeconds: 0.001 });
  const version = async () => (await good(await edge.get('/recommend/ada'))).modelVersion;
  assert.equal(await version(), 1);
  await Promise.all(edge.work); // a look at the manifest may be under way already
  site.publish(signed(manifestOf(shop, { version: 2 }), key));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await version(), 1, 'nobody waits for it');
  await Promise.all(edge.work);
  assert.equal(await version(), 2);
  const still = new Edge({ bundle: site.manifest, load: { publicKeys: [key.text] }, updateSeconds: 0 });
  await good(await still.get('/recommend/ada'));
  site.publish(signed(manifestOf(shop, { version: 3 }), key));
  await good(await still.get('/recommend/ada'));
  await Promise.all(still.work);
  assert.equal((await good(await still.get('/recommend/ada'))).modelVersion, 2);
});

test('a bug of the host is 500 and tells strangers nothing', async () => {
  const edge = new Edge({
    admit: () => {
      throw new Error('secret');
    },
  });
  await refused(await edge.post('/recommendations', { campaignArn, userId: 'u' }), 500, 'InternalServerException', /^(?!.*secret)/);
  assert.equal(edge.errors[0].message, 'secret');
});

test('options that make no sense are errors at once', () => {
  for (const [options, message] of [
    [{}, /either bundle or campaigns/],
    [{ bundle: bundles.sims, campaigns: {} }, /either bundle or campaigns/],
    [{ campaigns: { shop: {} } }, /campaigns.shop/],
    [{ bundle: bundles.sims, buckets: 1 }, /unknown option "buckets"/],
    [{ bundle: bundles.sims, basePath: 'api/' }, /basePath/],
    [{ bundle: bundles.sims, collector: 'ftp://x' }, /collector/],
    [{ bundle: bundles.sims, origins: ['shop.example'] }, /origins/],
    [{ bundle: bundles.sims, cookie: { secret: 'short' } }, /at least 16/],
    [{ bundle: bundles.sims, cookie: { secret: 'x'.repeat(16) }, origins: '*' }, /must be named/],
    [{ bundle: bundles.sims, cookie: { secret: 'x'.repeat(16) }, store: {} }, /not in both/],
    [{ bundle: bundles.sims, maxEvents: 0 }, /maxEvents/],
  ]) {
    assert.throws(() => createHandler(options), errorOf('INVALID_ARGUMENT', message));
  }
});
