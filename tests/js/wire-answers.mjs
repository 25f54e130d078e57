// Judges what the calls of wire-calls.mjs came to: the bodies as they were captured from the AWS clients,
// and answers and errors as those clients parse them.
import assert from 'node:assert/strict';

const A = 'arn:aws:personalize:us-east-1:123456789012:';
const kBodies = [
  `{"campaignArn":"${A}campaign/c1","itemId":"i9","userId":"u1","numResults":3,"context":{"DEVICE":"mobile phone"},"filterArn":"${A}filter/f1","filterValues":{"GENRE":"\\"comedy\\",\\"drama\\""},"promotions":[{"name":"promo","percentPromotedItems":33,"filterArn":"${A}filter/p1","filterValues":{"CAT":"\\"x\\""}}],"metadataColumns":{"ITEMS":["TITLE","GENRES"]}}`,
  `{"userId":"u1","recommenderArn":"${A}recommender/r1"}`,
  `{"campaignArn":"${A}campaign/rank","inputList":["a","b","c"],"userId":"u1","context":{"DEVICE":"tv"},"metadataColumns":{"ITEMS":["TITLE"]}}`,
  `{"campaignArn":"${A}campaign/nba","userId":"u1","numResults":5}`,
  '{"trackingId":"trk-1","sessionId":"s1","eventList":[{"eventType":"click","sentAt":1553631760.123,"eventId":"e1","eventValue":4.5,"itemId":"i1","properties":"{\\"numRatings\\":12,\\"discount\\":\\"yes\\"}","recommendationId":"RID-1234","impression":["i1","i2"],"metricAttribution":{"eventAttributionSource":"newsletter"}}],"userId":"u1"}',
  '{"trackingId":"trk-1","sessionId":"s1","eventList":[{"eventType":"click","sentAt":1553631760,"itemId":"i1","properties":"{\\"numRatings\\":12}"}]}',
  `{"datasetArn":"${A}dataset/g/ITEMS","items":[{"itemId":"i1","properties":"{\\"price\\":9.5,\\"genres\\":\\"a|b\\",\\"creationTimestamp\\":1700000000}"}]}`,
  `{"datasetArn":"${A}dataset/g/USERS","users":[{"userId":"u1","properties":"{\\"age\\":30}"}]}`,
  `{"datasetArn":"${A}dataset/g/ACTIONS","actions":[{"actionId":"a1","properties":"{\\"value\\":10}"}]}`,
  '{"trackingId":"trk-2","actionInteractions":[{"actionId":"a1","sessionId":"s1","timestamp":1700000000.5,"eventType":"TAKEN","userId":"u1"}]}',
];

const kErrors = {
  'error: a campaign that is not there': ['ResourceNotFoundException', 'ResourceNotFoundException', 404, 'client', /^Campaign none not found$/, 1],
  'error: an input that does not match': ['InvalidInputException', 'InvalidInputException', 400, 'client', /^userId is empty$/, 1],
  'error: an event from 1970': ['InvalidInputException', 'InvalidInputException', 400, 'client', /before the year 2000/, 1],
  'error: required members missing': ['InvalidInputException', 'InvalidInputException', 400, 'client', /^campaignArn must be arn:/, 1],
  'error: 11 events': ['InvalidInputException', 'InvalidInputException', 400, 'client', /not 11$/, 1],
  'error: throttling': ['PersonalizeRuntimeServiceException', 'ThrottlingException', 429, 'client', /^Rate exceeded$/, 1],
  'retry: 500': ['PersonalizeRuntimeServiceException', 'InternalServerException', 500, 'server', /inside/, 3],
  'retry: throttling': ['PersonalizeRuntimeServiceException', 'ThrottlingException', 429, 'client', /^Rate exceeded$/, 3],
};

const kUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const kListId = /^RID-[0-9a-f-]{36}$/;

/** `prefix` is what the endpoint has before the paths. */
export function judge(results, { prefix = '', isSigned }) {
  assert.equal(results.length, kBodies.length + Object.keys(kErrors).length);
  for (const [i, { title, wire, parsed, error }] of results.entries()) {
    for (const { method, path, type, isSigned: signed } of wire) {
      assert.equal(method, 'POST');
      assert.ok(path.startsWith(`${prefix}/`), path);
      assert.equal(type, 'application/json');
      assert.equal(signed, isSigned, title);
    }
    if (i < kBodies.length) {
      assert.equal(error, undefined, `${title}: ${error?.message}`);
      assert.deepEqual(wire.map(({ body }) => body), [kBodies[i]], title);
      assert.equal(parsed.$metadata.httpStatusCode, 200, title);
      assert.match(parsed.$metadata.requestId, kUuid);
      assert.equal(parsed.$metadata.attempts, 1);
      continue;
    }
    const [type, name, status, fault, message, attempts] = kErrors[title];
    assert.deepEqual(
      { ...error, message: undefined, requestId: undefined },
      { type, name, status, fault, attempts, message: undefined, requestId: undefined },
      title,
    );
    assert.match(error.message, message);
    assert.match(error.requestId, kUuid);
    const tries = Array.from({ length: attempts }, (_, n) => `attempt=${n + 1}; max=${attempts}`);
    assert.deepEqual(wire.map(({ attempt }) => attempt), tries);
  }
  judgeLists(results.map(({ parsed }) => parsed));
}

function judgeLists([full, short, ranked, actions, ...empty]) {
  assert.match(full.recommendationId, kListId);
  assert.equal(full.itemList.length, 3);
  const [promoted, ...more] = full.itemList.filter(({ promotionName }) => promotionName === 'promo');
  assert.deepEqual(more, [], 'a third of three');
  assert.match(promoted.metadata.TITLE, /^Bravo/);
  assert.equal(promoted.metadata.GENRES, 'war');
  assert.deepEqual(promoted.reason, ['Promoted item']);
  for (const item of full.itemList.filter((item) => item !== promoted)) {
    assert.match(item.metadata.TITLE, /^Alpha/, 'as the filter has it');
    assert.equal(item.metadata.GENRES, 'comedy|drama');
    assert.equal(typeof item.score, 'number');
  }
  assert.equal(short.itemList.length, 25);
  assert.match(short.recommendationId, kListId);
  assert.deepEqual(ranked.personalizedRanking, [{ itemId: 'a' }, { itemId: 'b' }, { itemId: 'c' }], 'none is known');
  assert.match(ranked.recommendationId, kListId);
  assert.equal(actions.actionList.length, 5);
  for (const action of actions.actionList) assert.deepEqual(Object.keys(action), ['actionId', 'score']);
  assert.match(actions.recommendationId, kListId);
  for (const { $metadata: _, ...members } of empty.slice(0, 6)) assert.deepEqual(members, {});
}
