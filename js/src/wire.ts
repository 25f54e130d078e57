// The operations of Personalize's runtime and events APIs, answered by recommenders. What the entries
// edge and aws do differently, whose history it is and where events go, is behind WireHost.
import type { Recommender } from './recommender.js';
import type { Session } from './session.js';
import type { ControlOptions, NewEvent, RecommendationOptions, Values } from './types.js';
import { uuidV7 } from './uuid.js';
import { invalidInput, notFound, WireError, wireErrorOf } from './wire-error.js';
import { checkActionInteractions, checkRecords, readEvents, recorded, type WireEvents } from './wire-events.js';
import {
  readActions,
  readRanking,
  readRecommendations,
  type WireListOptions,
  type WireRanking,
  type WireRecommendations,
} from './wire-lists.js';
import { WireReader } from './wire-reader.js';

/** Recipes of Personalize's type RELATED_ITEMS, that answer about an item and not about a user. */
const kRelatedRecipes: readonly string[] = ['sims', 'similar-items', 'semantic-similarity'];

/** What a campaign answers with. */
export interface WireCampaign {
  recommender: Recommender;
  /** Filter expressions by name, beside those of the bundle. */
  filters?: Readonly<Record<string, string>> | undefined;
  /** What lists are made with unless the request says otherwise. */
  defaults?: ControlOptions | undefined;
  /** The bundle's items are actions: it answers getActionRecommendations and nothing else. */
  actions?: boolean | undefined;
}

export interface WireHost {
  /** Error: WireError 404 for a name that it does not have. */
  campaign(name: string): WireCampaign | Promise<WireCampaign>;
  /** Lends a session with the history of a user, or with the given events instead. */
  withSession<T>(
    recommender: Recommender,
    userId: string | undefined,
    events: readonly NewEvent[] | undefined,
    use: (session: Session) => T,
  ): T | Promise<T>;
  /** Adds events to the history of a user. */
  record(userId: string, toEvents: (recommender: Recommender) => NewEvent[]): void | Promise<void>;
  /** Brings a checked request to the collector, or throws. */
  forward(path: string, body: string, events: WireEvents | undefined): void | Promise<void>;
  /** What is known of the circumstances of the request; what the request says itself wins. */
  context?(): Values | undefined;
  /** False: too many requests. */
  admit?(operation: string): boolean | Promise<boolean>;
  onError?(error: unknown): void;
}

export interface WireReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

type Operation = { name: string; run: (host: WireHost, body: WireReader, text: string) => Promise<object> };

const records = (name: string, kind: 'items' | 'users' | 'actions'): Operation => ({
  name,
  async run(host, body, text) {
    checkRecords(kind, body);
    await host.forward(`/${kind}`, text, undefined);
    return {};
  },
});

const kOperations: ReadonlyMap<string, Operation> = new Map([
  ['/recommendations', { name: 'GetRecommendations', run: getRecommendations }],
  ['/personalize-ranking', { name: 'GetPersonalizedRanking', run: getRanking }],
  ['/action-recommendations', { name: 'GetActionRecommendations', run: getActions }],
  ['/events', { name: 'PutEvents', run: putEvents }],
  ['/items', records('PutItems', 'items')],
  ['/users', records('PutUsers', 'users')],
  ['/actions', records('PutActions', 'actions')],
  ['/action-interactions', { name: 'PutActionInteractions', run: putActionInteractions }],
]);

export const kWirePaths: readonly string[] = [...kOperations.keys()];

/** Answers the body of a POST to a path. Never throws: what went wrong is in the reply. */
export async function answerPost(host: WireHost, path: string, text: string): Promise<WireReply> {
  return replying(host, async () => {
    const operation = kOperations.get(path);
    if (!operation) throw new WireError(404, 'UnknownOperationException', `there is no operation at ${path}`);
    await admitted(host, operation.name);
    return operation.run(host, WireReader.of(text), text);
  });
}

/** The reply with what `work` returns, or with its error. */
export async function replying(host: WireHost, work: () => Promise<object>): Promise<WireReply> {
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': uuidV7(Date.now()) };
  try {
    return { status: 200, headers, body: JSON.stringify(await work()) };
  } catch (error) {
    const { status, type, message } = wireErrorOf(error);
    if (status >= 500) host.onError?.(error);
    return {
      status,
      headers: { ...headers, 'x-amzn-errortype': type },
      body: JSON.stringify({ __type: type, message }),
    };
  }
}

export async function admitted(host: WireHost, operation: string): Promise<void> {
  if (host.admit && !(await host.admit(operation))) {
    throw new WireError(429, 'ThrottlingException', 'Rate exceeded');
  }
}

async function getRecommendations(host: WireHost, body: WireReader): Promise<object> {
  return recommendations(host, readRecommendations(body));
}

async function getRanking(host: WireHost, body: WireReader): Promise<object> {
  return ranking(host, readRanking(body));
}

async function getActions(host: WireHost, body: WireReader): Promise<object> {
  const request = readActions(body);
  const campaign = await host.campaign(request.campaign);
  if (!campaign.actions) {
    throw invalidInput(`campaignArn: ${request.campaign} recommends items, not actions`);
  }
  const { recommendationId, itemList } = await listed(host, campaign, request);
  return { recommendationId, actionList: itemList.map(({ itemId, score }) => ({ actionId: itemId, score })) };
}

async function putEvents(host: WireHost, body: WireReader, text: string): Promise<object> {
  const events = readEvents(body);
  await host.record(events.userId ?? events.sessionId, ({ contextColumns }) =>
    events.events.map((event) => recorded(event, contextColumns)).filter((event) => event !== undefined),
  );
  await host.forward('/events', text, events);
  return {};
}

async function putActionInteractions(host: WireHost, body: WireReader, text: string): Promise<object> {
  checkActionInteractions(body);
  await host.forward('/action-interactions', text, undefined);
  return {};
}

/** GetRecommendations: about the item for recipes of related items, else for the user. */
export async function recommendations(host: WireHost, request: WireRecommendations) {
  const campaign = await host.campaign(request.campaign);
  if (campaign.actions) {
    throw invalidInput(`campaignArn: ${request.campaign} recommends actions, not items`);
  }
  return listed(host, campaign, request);
}

export async function ranking(host: WireHost, request: WireRanking) {
  const campaign = await host.campaign(request.campaign);
  const { recommender } = campaign;
  const { context: given, ...options } = listOptions(campaign, request.options);
  const { inputList, userId, events } = request;
  return host.withSession(recommender, userId, events, (session) =>
    session.getPersonalizedRanking({ ...options, inputList, context: knownContext(host, recommender, given) }),
  );
}

async function listed(host: WireHost, campaign: WireCampaign, request: WireRecommendations) {
  const { recommender, defaults } = campaign;
  const { userId, itemId, events } = request;
  const isRelated = kRelatedRecipes.includes(recommender.recipe);
  if (userId === undefined && itemId === undefined && !events && recommender.recipe !== 'popularity-count') {
    throw invalidInput(`${isRelated ? 'itemId' : 'userId'} is missing`);
  }
  const { context: given, ...options } = { ...defaults, ...listOptions(campaign, request.options) };
  return host.withSession(recommender, userId, events, (session) => {
    // As the service does, popular items stand in for those like an item that nobody knows.
    const about = itemId !== undefined && (isRelated || userId === undefined);
    if (about && recommender.has(itemId)) return recommender.similarItems(itemId, { ...options, session });
    return session.getRecommendations({ ...options, context: knownContext(host, recommender, given) });
  });
}

/** The options with filters in place of their names. */
function listOptions(campaign: WireCampaign, given: WireListOptions): RecommendationOptions {
  const { filterName, promotions, ...options } = given;
  const withFilter = <T extends { filterName?: string }>({ filterName: name, ...rest }: T) => ({
    ...rest,
    ...(name !== undefined && { filter: filterNamed(campaign, name) }),
  });
  return {
    ...withFilter({ ...options, ...(filterName !== undefined && { filterName }) }),
    ...(promotions && { promotions: promotions.map(withFilter) }),
  };
}

function filterNamed({ recommender, filters = {} }: WireCampaign, name: string): string {
  const own = Object.hasOwn(filters, name) ? filters[name] : undefined;
  const expression = own ?? recommender.filters[name];
  if (expression === undefined) throw notFound(`filterArn: there is no filter ${name}`);
  return expression;
}

/** Columns that the model does not know break nothing, as with the service. */
function knownContext(host: WireHost, recommender: Recommender, given: Values | undefined): Values {
  const known = recommender.contextColumns.map(({ name }) => name.toLowerCase());
  // What nobody reads is not looked up, so that answers do not vary with it.
  if (!known.length) return {};
  const values = { ...host.context?.(), ...given };
  return Object.fromEntries(Object.entries(values).filter(([name]) => known.includes(name.toLowerCase())));
}
