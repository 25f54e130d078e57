// Signatures of Version 4: those of the AWS client are believed, and everything that was changed is not.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';

import { campaignArn, Edge, good, ORIGIN, refused } from './edge-site.mjs';

const require = createRequire(new URL('../../js/package.json', import.meta.url));
const { PersonalizeRuntimeClient, GetRecommendationsCommand } = require('@aws-sdk/client-personalize-runtime');
const { PersonalizeEventsClient, PutEventsCommand } = require('@aws-sdk/client-personalize-events');

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const edge = () => new Edge({ credentials: async (id) => (id === keys.accessKeyId ? keys.secretAccessKey : undefined) });

/** A request as the client signs it, which goes nowhere. */
async function signedBy(Client, command, more = {}) {
  let seen;
  const requestHandler = {
    handle: async (request) => ((seen = request), { response: { statusCode: 200, headers: {}, body: new Uint8Array() } }),
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  };
  await new Client({ region: 'eu-west-1', endpoint: ORIGIN, credentials: keys, requestHandler, ...more }).send(command);
  const { method, path, headers } = seen;
  return { method, path, headers, body: textOf(seen.body) };
}

/** Some releases of the clients have text, some bytes. */
function textOf(body) {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

/** The request as it comes to the handler. */
function received({ method, path, headers, body }, changes = {}) {
  return new Request(ORIGIN + (changes.path ?? path), { method, headers: { ...headers, ...changes.headers }, body: changes.body ?? body });
}

let request;
before(async () => {
  request = await signedBy(PersonalizeRuntimeClient, new GetRecommendationsCommand({ campaignArn, userId: 'ada', context: { A: 'ü ~*' } }));
});

test('what the AWS clients sign is believed, in any region and with session credentials', async () => {
  await good(await edge().send(received(request)));
  const event = { eventType: 'click', itemId: 'a1', sentAt: new Date() };
  const put = new PutEventsCommand({ trackingId: 't', sessionId: 's', eventList: [event] });
  await good(await edge().send(received(await signedBy(PersonalizeEventsClient, put, { region: 'us-east-1' }))));
  const session = { credentials: { ...keys, sessionToken: 'a token/+=' } };
  const command = new GetRecommendationsCommand({ campaignArn, userId: 'ada' });
  await good(await edge().send(received(await signedBy(PersonalizeRuntimeClient, command, session))));
});

test('what was changed on the way is not', async () => {
  const body = request.body;
  for (const changes of [
    { body: body.replace('ada', 'bob') },
    { headers: { 'x-amz-content-sha256': createHash('sha256').update('other').digest('hex') } },
    { headers: { 'x-amz-user-agent': 'another' } },
    { headers: { host: 'another.example' } },
    { path: '/personalize-ranking' },
    { path: '/recommendations?x=1' },
    { headers: { authorization: request.headers.authorization.replace(/.$/, (last) => (last === '0' ? '1' : '0')) } },
  ]) {
    await refused(await edge().send(received(request, changes)), 403, 'InvalidSignatureException');
  }
  const other = body.replace('ada', 'bob');
  const headers = { 'x-amz-content-sha256': createHash('sha256').update(other).digest('hex') };
  await refused(await edge().send(received(request, { body: other, headers })), 403, 'InvalidSignatureException');
});

test('who has no key, an unknown one or another secret gets nothing', async () => {
  await refused(await edge().get('/recommend/ada'), 403, 'MissingAuthenticationTokenException', /not signed/);
  const command = new GetRecommendationsCommand({ campaignArn, userId: 'ada' });
  const by = async (credentials) => received(await signedBy(PersonalizeRuntimeClient, command, { credentials }));
  await refused(await edge().send(await by({ ...keys, accessKeyId: 'AKIDOTHER' })), 403, 'UnrecognizedClientException');
  await refused(await edge().send(await by({ ...keys, secretAccessKey: 'other' })), 403, 'InvalidSignatureException');
});

test('a signature holds for a quarter of an hour', async () => {
  for (const [minutes, holds] of [[14, true], [-14, true], [16, false], [-16, false]]) {
    const command = new GetRecommendationsCommand({ campaignArn, userId: 'ada' });
    const old = await signedBy(PersonalizeRuntimeClient, command, { systemClockOffset: minutes * 60_000 });
    const response = await edge().send(received(old));
    if (holds) await good(response);
    else await refused(response, 403, 'InvalidSignatureException', /check the clock/);
  }
});

test('headers that are no signature are told so', async () => {
  for (const authorization of [
    'Basic abc',
    'AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/personalize/aws4_request, SignedHeaders=host, Signature=00',
    request.headers.authorization.replace('host;', ''),
    request.headers.authorization.replace('aws4_request', 'aws5_request'),
    request.headers.authorization.replace(/\/\d{8}\//, '/20200101/'),
  ]) {
    await refused(await edge().send(received(request, { headers: { authorization } })), 403, 'IncompleteSignatureException');
  }
  const other = request.headers.authorization.replace('/personalize/', '/s3/');
  await refused(await edge().send(received(request, { headers: { authorization: other } })), 403, 'InvalidSignatureException', /for s3/);
});

test('a GET with a query is verified by the rules of its canonical form', async () => {
  const sign = (path, query) => {
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const day = time.slice(0, 8);
    const hash = (text) => createHash('sha256').update(text).digest('hex');
    const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
    const canonical = ['GET', path.replaceAll('%', '%25'), query, 'host:edge.example', `x-amz-date:${time}`, '', 'host;x-amz-date', hash('')].join('\n');
    const scope = `${day}/eu-west-1/personalize/aws4_request`;
    const key = [day, 'eu-west-1', 'personalize', 'aws4_request'].reduce(hmac, `AWS4${keys.secretAccessKey}`);
    const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')).toString('hex');
    return { 'x-amz-date': time, authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}` };
  };
  const one = edge();
  const response = await one.get('/recommend/a%20b?numResults=3&metadata=TITLE', sign('/recommend/a%20b', 'metadata=TITLE&numResults=3'));
  assert.equal((await good(response)).itemList.length, 3);
  const shared = await one.get('/related/a1', sign('/related/a1', ''));
  assert.equal(shared.headers.get('cache-control'), 'private, max-age=300', 'signed answers are for who signed');
  await refused(await one.get('/related/a2', sign('/related/a1', '')), 403, 'InvalidSignatureException');
});
