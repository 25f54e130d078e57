// Lists by GET, which caches keep: /recommend/{user}, /related/{item} and /rank/{user}/{items}.
import { meant } from './check.js';
import { sha256Hex } from './digest.js';
import type { MaxAges } from './edge-types.js';
import { ranking, recommendations, type WireHost } from './wire.js';
import { invalidInput, WireError } from './wire-error.js';
import { readRanking, readRecommendations } from './wire-lists.js';
import { WireReader } from './wire-reader.js';

const kMaxAges: Required<{ [K in keyof MaxAges]: number }> = { recommend: 30, related: 300, rank: 30 };
const kParameters = ['campaign', 'numResults', 'filter', 'metadata'];
const kMaps = ['filterValues', 'context'] as const;

export interface GetForm {
  operation: string;
  kind: keyof MaxAges;
  run(host: WireHost): Promise<object>;
}

/** What a path and a query ask for. Undefined: it is none of these paths. */
export function getForm(path: string, query: URLSearchParams, firstCampaign: string): GetForm | undefined {
  const [, kind, ...parts] = path.split('/');
  const wanted = kind === 'rank' ? 2 : 1;
  if (!(kind === 'recommend' || kind === 'related' || kind === 'rank')) return undefined;
  if (parts.length !== wanted) return undefined;
  const isRanking = kind === 'rank';
  return {
    operation: isRanking ? 'GetPersonalizedRanking' : 'GetRecommendations',
    kind,
    async run(host) {
      const body = new WireReader(bodyOf(kind, parts, query, firstCampaign));
      return isRanking ? ranking(host, readRanking(body)) : recommendations(host, readRecommendations(body));
    },
  };
}

/** The request as its POST form has it, so that both are checked alike. */
function bodyOf(kind: keyof MaxAges, parts: string[], query: URLSearchParams, firstCampaign: string): object {
  const value = (name: string) => query.get(name) ?? undefined;
  const number = value('numResults');
  const filter = value('filter');
  const columns = value('metadata');
  const [filterValues, context] = kMaps.map((map) => valuesOf(map, query));
  const id = decoded(parts[0]!);
  return {
    campaignArn: arn('campaign', value('campaign') ?? firstCampaign),
    ...(kind === 'related' ? { itemId: id } : { userId: id }),
    ...(kind === 'rank' && { inputList: parts[1]!.split(',').map(decoded) }),
    numResults: number !== undefined && /^\d{1,9}$/.test(number) ? Number(number) : number,
    filterArn: filter && arn('filter', filter),
    filterValues,
    context,
    metadataColumns: columns && { ITEMS: columns.split(',') },
  };
}

/** `?context.DEVICE=phone` and the like; refuses parameters that mean nothing. */
function valuesOf(map: (typeof kMaps)[number], query: URLSearchParams): Record<string, string> | undefined {
  const values: [string, string][] = [];
  for (const [name, value] of query) {
    const [prefix, ...rest] = name.split('.');
    if (prefix === map && rest.length) values.push([rest.join('.'), value]);
    const isKnown = kParameters.includes(name) || (rest.length && kMaps.some((one) => one === prefix));
    if (!isKnown) throw invalidInput(`unknown parameter ${name}${meant(name, [...kParameters, ...kMaps])}`);
  }
  return values.length ? Object.fromEntries(values) : undefined;
}

function arn(kind: string, name: string): string {
  return `arn:aws:personalize:::${kind}/${name}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new WireError(400, 'InvalidInputException', `the path is not well encoded at ${part}`);
  }
}

/** A list's headers for caches. The tag is of what is listed: each answer has an id of its own. */
export async function cacheHeaders(
  body: string,
  kind: keyof MaxAges,
  maxAges: MaxAges,
  isPublic: boolean,
): Promise<Record<string, string>> {
  const { recommendationId: _, ...listed } = JSON.parse(body) as Record<string, unknown>;
  const tag = (await sha256Hex(JSON.stringify(listed))).slice(0, 32);
  const age = maxAges[kind] ?? kMaxAges[kind];
  return {
    etag: `W/"${tag}"`,
    'cache-control': age > 0 ? `${isPublic ? 'public' : 'private'}, max-age=${age}` : 'no-cache',
  };
}

/** Whether what the caller has is what it would get (RFC 9110, section 13.1.2). */
export function isUnchanged(request: Request, etag: string): boolean {
  const given = request.headers.get('if-none-match');
  const weak = (tag: string) => tag.trim().replace(/^W\//, '');
  return given !== null && given.split(',').some((tag) => tag.trim() === '*' || weak(tag) === weak(etag));
}
