// The campaigns of a handler: each bundle is opened by the first request that needs it.
import { invalid, show } from './check.js';
import type { EdgeCampaign, EdgeOptions } from './edge-types.js';
import type { Load } from './load.js';
import type { PublishedRecommender } from './published.js';
import { Recommender } from './recommender.js';
import type { BundleSource } from './types.js';
import type { WireCampaign } from './wire.js';
import { notFound, WireError } from './wire-error.js';

const kUpdateSeconds = 300;

interface Opened {
  recommender: Promise<Recommender>;
  lookedMs: number;
}

export class EdgeCampaigns {
  readonly #load: Load;
  readonly #campaigns: ReadonlyMap<string, EdgeCampaign>;
  /** For every name, when there are no names. */
  readonly #only: EdgeCampaign | undefined;
  readonly #opened = new Map<EdgeCampaign, Opened>();

  constructor(load: Load, { campaigns, bundle, ...rest }: EdgeOptions) {
    if ((campaigns === undefined) === (bundle === undefined)) {
      throw invalid('createHandler: give either bundle or campaigns');
    }
    this.#load = load;
    this.#campaigns = new Map(Object.entries(campaigns ?? {}));
    const { wasm, load: options, updateSeconds, filters, defaults, actions } = rest;
    this.#only = bundle === undefined ? undefined : { bundle, wasm, load: options, updateSeconds, filters, defaults, actions };
    for (const [name, campaign] of this.#campaigns) {
      if (campaign?.bundle === undefined) throw invalid(`campaigns.${name}: ${show(campaign)} has no bundle`);
    }
  }

  /** What answers when a request names no campaign. */
  get firstName(): string {
    return this.#campaigns.keys().next().value ?? 'default';
  }

  async open(name: string, waitUntil: (work: Promise<unknown>) => void): Promise<WireCampaign> {
    const campaign = this.#campaigns.get(name) ?? this.#only;
    if (!campaign) throw notFound(`Campaign ${name} not found`);
    const { filters, defaults, actions } = campaign;
    const recommender = await this.#recommender(campaign, waitUntil);
    return { recommender, filters, defaults, actions };
  }

  async #recommender(campaign: EdgeCampaign, waitUntil: (work: Promise<unknown>) => void): Promise<Recommender> {
    let opened = this.#opened.get(campaign);
    if (!opened) {
      opened = { recommender: this.#start(campaign), lookedMs: Date.now() };
      this.#opened.set(campaign, opened);
      // The request may go away while others wait for what it began.
      waitUntil(opened.recommender.catch(() => this.#opened.delete(campaign)));
    }
    try {
      const recommender = await opened.recommender;
      this.#update(campaign, opened, recommender, waitUntil);
      return recommender;
    } catch (cause) {
      // The next request tries again.
      this.#opened.delete(campaign);
      throw new WireError(503, 'ServiceUnavailableException', 'the bundle cannot be had at the moment', cause);
    }
  }

  async #start({ bundle, wasm, load = {} }: EdgeCampaign): Promise<Recommender> {
    const source = await (typeof bundle === 'function' ? bundle() : bundle);
    if (source instanceof Recommender) return source;
    return this.#load(source as BundleSource, { ...load, wasm });
  }

  #update(campaign: EdgeCampaign, opened: Opened, recommender: Recommender, waitUntil: (work: Promise<unknown>) => void): void {
    const { updateSeconds = kUpdateSeconds } = campaign;
    const { update } = recommender as Partial<PublishedRecommender>;
    if (!update || !updateSeconds || Date.now() - opened.lookedMs < updateSeconds * 1000) return;
    opened.lookedMs = Date.now();
    waitUntil(update.call(recommender));
  }
}
