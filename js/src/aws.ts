// attune/aws: the unmodified clients of the AWS SDK v3 for Personalize, answered on the device.
import { checkOptions, invalid, show } from './check.js';
import { Recommender } from './recommender.js';
import { addTo, withHistory } from './saved-history.js';
import type { Session } from './session.js';
import type { Tracker } from './tracker-types.js';
import type { ControlOptions, NewEvent } from './types.js';
import { answerPost, type WireCampaign, type WireHost } from './wire.js';
import { notFound } from './wire-error.js';
import type { WireEvents } from './wire-events.js';

const kMaxSessions = 32;
const kMaxEvents = 1000;

/** A request that was checked and is to be brought to a collector: the body as the client sent it. */
export interface ForwardedRequest {
  /** `/events`, `/items`, `/users`, `/actions` or `/action-interactions` */
  path: string;
  body: string;
}

/** What answers for one campaign. */
export interface AwsCampaign {
  recommender: Recommender;
  /** Filter expressions by name, beside those of the bundle. */
  filters?: Readonly<Record<string, string>> | undefined;
  /** What lists are made with unless the request says otherwise. */
  defaults?: ControlOptions | undefined;
  /** The bundle's items are actions, for GetActionRecommendations. */
  actions?: boolean | undefined;
}

/** One recommender for all campaigns, or one for each by name, and where records go. */
export interface RequestHandlerOptions extends Partial<AwsCampaign> {
  /** By the names in campaignArn and recommenderArn; without it `recommender` answers for every name. */
  campaigns?: Readonly<Record<string, AwsCampaign>> | undefined;
  /** Takes PutEvents, beside the history on the device. */
  tracker?: Pick<Tracker, 'track'> | undefined;
  /** Takes all that is put, and PutEvents if there is no tracker; without it records are refused. */
  forward?: ((request: ForwardedRequest) => void | Promise<void>) | undefined;
  /** Whether a request may go on; false is a ThrottlingException, which the clients try again. */
  admit?: ((operation: string) => boolean | Promise<boolean>) | undefined;
  /** Is told of failures that the client is not told of in full; console.error. */
  onError?: ((error: unknown) => void) | undefined;
}

/** What the clients hand over: an HttpRequest of theirs. */
export interface AwsRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** An answer in the form that the AWS SDK v3 reads. */
export interface AwsResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** A requestHandler as the AWS SDK v3 wants it. */
export interface AwsRequestHandler {
  readonly metadata: { handlerProtocol: string };
  /** Answers one request; never rejects because of what is in it. */
  handle(request: AwsRequest, options?: { abortSignal?: unknown }): Promise<{ response: AwsResponse }>;
  /** Nothing: there is no connection to configure. */
  updateHttpClientConfig(): void;
  /** Nothing, for the same reason. */
  httpHandlerConfigs(): Record<string, never>;
  /** Nothing: the recommenders stay whose they are. */
  destroy(): void;
}

/**
 * A requestHandler with which PersonalizeRuntimeClient and PersonalizeEventsClient run on the device. One
 * handler for both clients gives them one history. Errors of the options: `INVALID_ARGUMENT`.
 */
export function requestHandler(options: RequestHandlerOptions): AwsRequestHandler {
  const host = new Device(options);
  return {
    metadata: { handlerProtocol: 'h1' },
    async handle({ method, path, body = '' }, { abortSignal } = {}) {
      if ((abortSignal as AbortSignal | undefined)?.aborted) throw aborted();
      // An endpoint may have a path of its own before the operation's.
      const operation = method === 'POST' ? path.replace(/^.*(?=\/)/, '') : `${method} ${path}`;
      const { status, headers, body: text } = await answerPost(host, operation, textOf(body));
      return { response: { statusCode: status, headers, body: new TextEncoder().encode(text) } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy: () => host.closeSessions(),
  };
}

/** All that a client needs: `new PersonalizeRuntimeClient(clientConfig({ recommender }))`, without credentials. */
export function clientConfig(options: RequestHandlerOptions) {
  const schemeId = 'smithy.api#noAuth';
  return {
    region: 'us-east-1',
    requestHandler: requestHandler(options),
    /** Requests on the device need no signature. */
    httpAuthSchemeProvider: () => [{ schemeId }],
    httpAuthSchemes: [
      {
        schemeId,
        /** Nobody: there are no credentials. */
        identityProvider: () => async () => ({}),
        signer: {
          /** As it is. */
          sign: async <T>(request: T) => request,
        },
      },
    ],
  };
}

/** The recommenders, and one history for each user, kept by the first of them as its sessions are. */
class Device implements WireHost {
  readonly #options: RequestHandlerOptions;
  readonly #only: WireCampaign | undefined;
  readonly #campaigns: ReadonlyMap<string, WireCampaign>;
  readonly #home: Recommender;
  /** By user, the least recently used first. */
  readonly #sessions = new Map<string, Session>();

  constructor(given: RequestHandlerOptions) {
    const options = checkOptions('requestHandler', given, [
      ...(['recommender', 'filters', 'defaults', 'actions', 'campaigns'] as const),
      ...(['tracker', 'forward', 'admit', 'onError'] as const),
    ]);
    const { recommender, campaigns = {}, filters, defaults, actions } = options;
    if ((recommender === undefined) === (options.campaigns === undefined)) {
      throw invalid('requestHandler: give either recommender or campaigns');
    }
    this.#options = options;
    this.#only = recommender && { recommender, filters, defaults, actions };
    this.#campaigns = new Map(Object.entries(campaigns));
    const all = [...this.#campaigns.values(), ...(this.#only ? [this.#only] : [])];
    for (const campaign of all) {
      if (!(campaign?.recommender instanceof Recommender)) {
        throw invalid(`requestHandler: ${show(campaign?.recommender)} is not what load() gives`);
      }
    }
    if (!all.length) throw invalid('campaigns: there are none');
    this.#home = all[0]!.recommender;
  }

  campaign(name: string): WireCampaign {
    const campaign = this.#campaigns.get(name) ?? this.#only;
    if (!campaign) throw notFound(`Campaign ${name} not found`);
    return campaign;
  }

  async withSession<T>(
    recommender: Recommender,
    userId: string | undefined,
    events: readonly NewEvent[] | undefined,
    use: (session: Session) => T,
  ): Promise<T> {
    if (userId === undefined || events) {
      return withHistory(recommender, undefined, kMaxEvents, (session) => {
        for (const event of events ?? []) session.record(event);
        return use(session);
      });
    }
    const session = await this.#session(userId);
    if (recommender === this.#home) return use(session);
    return withHistory(recommender, session.save(), kMaxEvents, use);
  }

  async record(userId: string, toEvents: (recommender: Recommender) => NewEvent[]): Promise<void> {
    addTo(await this.#session(userId), toEvents(this.#home));
  }

  async forward(path: string, body: string, given: WireEvents | undefined): Promise<void> {
    const { tracker, forward } = this.#options;
    if (tracker && given) {
      const { sessionId, userId, events } = given;
      await Promise.all(events.map((event) => tracker.track({ ...event, sessionId, userId })));
    } else if (forward) {
      await forward({ path, body });
    } else if (!given) {
      throw notFound(`nothing here takes ${path.slice(1)}: give requestHandler the option forward`);
    }
  }

  async admit(operation: string): Promise<boolean> {
    return (await this.#options.admit?.(operation)) ?? true;
  }

  onError(error: unknown): void {
    (this.#options.onError ?? ((one) => console.error('attune:', one)))(error);
  }

  closeSessions(): void {
    for (const session of this.#sessions.values()) session.dispose();
    this.#sessions.clear();
  }

  async #session(userId: string): Promise<Session> {
    const session = this.#sessions.get(userId) ?? this.#home.session({ userId });
    this.#sessions.delete(userId);
    this.#sessions.set(userId, session);
    if (this.#sessions.size > kMaxSessions) {
      const [oldest] = this.#sessions.keys() as Iterable<string> as [string];
      this.#sessions.get(oldest)!.dispose();
      this.#sessions.delete(oldest);
    }
    await session.ready;
    return session;
  }
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  throw invalid(`requestHandler: a body of ${show(body)} is none of a Personalize client`);
}

function aborted(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' });
}
