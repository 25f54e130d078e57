// What the network in front of a handler says of a visitor, in the words of several networks.

/** The request as Cloudflare extends it. */
interface CloudflareRequest {
  cf?: { country?: string; city?: string; timezone?: string; deviceType?: string };
}

/** What kind of device a visitor has, as far as headers tell. */
export type DeviceClass = 'desktop' | 'mobile' | 'tablet' | 'tv';

/**
 * Facts about the visitor of one request. Undefined is not known. Headers are believed: behind a network
 * that does not set them, visitors may write what they like, and get lists for elsewhere.
 */
export class CdnFacts {
  readonly #headers: Headers;
  readonly #cf: NonNullable<CloudflareRequest['cf']>;
  /** Headers that decided about a fact that was asked for. */
  readonly #asked = new Set<string>();

  /** @internal */
  constructor(request: Request) {
    this.#headers = request.headers;
    this.#cf = (request as unknown as CloudflareRequest).cf ?? {};
  }

  /** Two letters, as in ISO 3166. */
  get country(): string | undefined {
    const headers = ['cf-ipcountry', 'cloudfront-viewer-country', 'x-vercel-ip-country', 'x-country-code'];
    const code = (this.#cf.country ?? this.#first(headers))?.toUpperCase();
    // XX and T1 are Cloudflare's unknown country and Tor.
    return code && /^[A-Z]{2}$/.test(code) && code !== 'XX' ? code : undefined;
  }

  /** The city in the words of the network. */
  get city(): string | undefined {
    const text = this.#cf.city ?? this.#first(['cf-ipcity', 'cloudfront-viewer-city', 'x-vercel-ip-city']);
    return text && decoded(text).slice(0, 200);
  }

  /** From the network, else from the User-Agent. */
  get device(): DeviceClass {
    const named = (this.#cf.deviceType ?? this.#first(['cf-device-type']))?.toLowerCase();
    if (named === 'mobile' || named === 'tablet' || named === 'desktop') return named;
    for (const [header, device] of [
      ['cloudfront-is-tablet-viewer', 'tablet'],
      ['cloudfront-is-smarttv-viewer', 'tv'],
      ['cloudfront-is-mobile-viewer', 'mobile'],
    ] as const) {
      if (this.#first([header]) === 'true') return device;
    }
    return deviceOf(this.#first(['user-agent']) ?? '');
  }

  /** The hour of the day at the visitor, 0 to 23; of UTC when the time zone is not known. */
  get hour(): number {
    const zone =
      this.#cf.timezone ??
      this.#first(['cf-timezone', 'cloudfront-viewer-time-zone', 'x-vercel-ip-timezone']);
    return hourIn(zone) ?? new Date().getUTCHours();
  }

  /** @internal Names for Vary. */
  get asked(): readonly string[] {
    return [...this.#asked];
  }

  #first(names: readonly string[]): string | undefined {
    for (const name of names) this.#asked.add(name);
    const found = names.find((name) => this.#headers.has(name));
    return found && this.#headers.get(found)!;
  }
}

function deviceOf(agent: string): DeviceClass {
  if (/smart-?tv|hbbtv|appletv|googletv|bravia|web0s|tizen.*tv/i.test(agent)) return 'tv';
  if (/ipad|tablet|android(?!.*mobile)/i.test(agent)) return 'tablet';
  return /mobi|iphone|ipod/i.test(agent) ? 'mobile' : 'desktop';
}

function hourIn(timeZone: string | undefined): number | undefined {
  if (!timeZone) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone });
    return Number(format.format(new Date()));
  } catch {
    return undefined;
  }
}

/** Vercel percent-encodes names of cities. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
