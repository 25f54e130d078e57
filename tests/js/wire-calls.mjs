// Calls of the unmodified AWS clients: the captured ones, with what was on the wire. Runs in Node, in a
// page and in workerd; what came of them is judged in Node, by wire-answers.mjs.
import {
  PersonalizeEventsClient, PutActionInteractionsCommand, PutActionsCommand, PutEventsCommand, PutItemsCommand,
  PutUsersCommand,
} from '@aws-sdk/client-personalize-events';
import {
  GetActionRecommendationsCommand, GetPersonalizedRankingCommand, GetRecommendationsCommand,
  PersonalizeRuntimeClient,
} from '@aws-sdk/client-personalize-runtime';

const A = 'arn:aws:personalize:us-east-1:123456789012:';

/** What the campaigns of the calls are made of; c1 has filters f1 and p1, nba recommends actions. */
export const kFilters = {
  f1: 'INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)',
  p1: 'INCLUDE ItemID WHERE Items.GENRES IN ($CAT) | INCLUDE ItemID WHERE Items.GENRES IN ("war")',
};

/** The campaigns by name; `part` makes one of a bundle and further options. */
export function campaignsOf(part) {
  const [shop, nba] = [part('sims', { filters: kFilters }), part('popularity', { actions: true })];
  return { c1: shop, rank: shop, r1: shop, c: shop, nba };
}

const event = { eventType: 'c', sentAt: new Date(0) };

/** [title, client, command, most tries] */
const kCalls = [
  ['GetRecommendations (full request)', 'runtime', new GetRecommendationsCommand({
    campaignArn: `${A}campaign/c1`, userId: 'u1', itemId: 'i9', numResults: 3, context: { DEVICE: 'mobile phone' },
    filterArn: `${A}filter/f1`, filterValues: { GENRE: '"comedy","drama"' },
    promotions: [{ name: 'promo', percentPromotedItems: 33, filterArn: `${A}filter/p1`, filterValues: { CAT: '"x"' } }],
    metadataColumns: { ITEMS: ['TITLE', 'GENRES'] },
  })],
  ['GetRecommendations (recommenderArn only)', 'runtime', new GetRecommendationsCommand({ recommenderArn: `${A}recommender/r1`, userId: 'u1' })],
  ['GetPersonalizedRanking', 'runtime', new GetPersonalizedRankingCommand({
    campaignArn: `${A}campaign/rank`, userId: 'u1', inputList: ['a', 'b', 'c'], context: { DEVICE: 'tv' }, metadataColumns: { ITEMS: ['TITLE'] },
  })],
  ['GetActionRecommendations', 'runtime', new GetActionRecommendationsCommand({ campaignArn: `${A}campaign/nba`, userId: 'u1', numResults: 5 })],
  ['PutEvents', 'events', new PutEventsCommand({
    trackingId: 'trk-1', userId: 'u1', sessionId: 's1',
    eventList: [{
      eventId: 'e1', eventType: 'click', eventValue: 4.5, itemId: 'i1', properties: '{"numRatings":12,"discount":"yes"}',
      sentAt: new Date(1553631760123), recommendationId: 'RID-1234', impression: ['i1', 'i2'],
      metricAttribution: { eventAttributionSource: 'newsletter' },
    }],
  })],
  ['PutEvents (properties given as an object)', 'events', new PutEventsCommand({
    trackingId: 'trk-1', sessionId: 's1',
    eventList: [{ eventType: 'click', itemId: 'i1', properties: { numRatings: 12 }, sentAt: new Date(1553631760000) }],
  })],
  ['PutItems', 'events', new PutItemsCommand({
    datasetArn: `${A}dataset/g/ITEMS`,
    items: [{ itemId: 'i1', properties: '{"price":9.5,"genres":"a|b","creationTimestamp":1700000000}' }],
  })],
  ['PutUsers', 'events', new PutUsersCommand({ datasetArn: `${A}dataset/g/USERS`, users: [{ userId: 'u1', properties: '{"age":30}' }] })],
  ['PutActions', 'events', new PutActionsCommand({ datasetArn: `${A}dataset/g/ACTIONS`, actions: [{ actionId: 'a1', properties: '{"value":10}' }] })],
  ['PutActionInteractions', 'events', new PutActionInteractionsCommand({
    trackingId: 'trk-2',
    actionInteractions: [{ actionId: 'a1', userId: 'u1', sessionId: 's1', timestamp: new Date(1700000000500), eventType: 'TAKEN' }],
  })],
  ['error: a campaign that is not there', 'runtime', new GetRecommendationsCommand({ campaignArn: `${A}campaign/none`, userId: 'u' })],
  ['error: an input that does not match', 'runtime', new GetRecommendationsCommand({ campaignArn: `${A}campaign/c`, userId: '' })],
  ['error: an event from 1970', 'events', new PutEventsCommand({ trackingId: 't', sessionId: 's', eventList: [event] })],
  ['error: required members missing', 'runtime', new GetPersonalizedRankingCommand({ campaignArn: 'x' })],
  ['error: 11 events', 'events', new PutEventsCommand({ trackingId: 't', sessionId: 's', eventList: Array(11).fill(event) })],
  // Hosts let no user called `busy` in, and fail for one called `broken`.
  ['error: throttling', 'runtime', new GetRecommendationsCommand({ campaignArn: `${A}campaign/c`, userId: 'busy' }), 1],
  ['retry: 500', 'runtime', new GetRecommendationsCommand({ campaignArn: `${A}campaign/c`, userId: 'broken' }), 3],
  ['retry: throttling', 'runtime', new GetRecommendationsCommand({ campaignArn: `${A}campaign/c`, userId: 'busy' }), 3],
];

/**
 * Sends every call. `configOf(onRequest)` gives the configuration of a client whose requests are told to
 * `onRequest`. Returns what was sent, parsed and thrown, as plain data.
 */
export async function sendCalls(configOf) {
  const results = [];
  for (const [title, kind, command, maxAttempts = 1] of kCalls) {
    const wire = [];
    const Client = kind === 'runtime' ? PersonalizeRuntimeClient : PersonalizeEventsClient;
    const client = new Client({ ...configOf(), maxAttempts });
    // The last look at a request before it leaves.
    client.middlewareStack.add((next) => (given) => {
      const { method, path, headers, body } = given.request;
      wire.push({ method, path, type: headers['content-type'], attempt: headers['amz-sdk-request'], isSigned: 'authorization' in headers, body: textOf(body) });
      return next(given);
    }, { step: 'deserialize', priority: 'low', name: 'look' });
    const result = { title, wire };
    try {
      result.parsed = await client.send(command);
    } catch (error) {
      result.error = {
        type: error.constructor.name, name: error.name, message: error.message, fault: error.$fault,
        status: error.$metadata?.httpStatusCode, requestId: error.$metadata?.requestId, attempts: error.$metadata?.attempts,
      };
    }
    results.push(result);
  }
  return results;
}

/** Some releases of the clients send text, some bytes. */
export function textOf(body) {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}
