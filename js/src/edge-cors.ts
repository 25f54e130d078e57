// What pages of other origins may do (the Fetch standard, section 3.2).
import { invalid, show } from './check.js';
import type { EdgeOptions } from './edge-types.js';

/** What the AWS clients send, and what they read. */
const kRequestHeaders =
  'authorization, content-type, x-amz-date, x-amz-content-sha256, x-amz-user-agent, amz-sdk-invocation-id, ' +
  'amz-sdk-request, x-amz-target, x-amz-security-token, if-none-match';
const kReplyHeaders = 'x-amzn-requestid, x-amzn-errortype, etag';
const kDaySeconds = '86400';

export class Origins {
  readonly #allowed: readonly string[] | '*';

  constructor(origins: EdgeOptions['origins'] = []) {
    for (const origin of origins === '*' ? [] : origins) {
      if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
        throw invalid(`origins: ${show(origin)} is not an origin such as https://shop.example`);
      }
    }
    this.#allowed = origins;
  }

  /** Headers of every answer to this request. */
  headers(request: Request): Record<string, string> {
    const origin = request.headers.get('origin');
    if (this.#allowed === '*') return { 'access-control-allow-origin': '*', ...exposed() };
    if (!this.#allowed.length) return {};
    const isAllowed = origin !== null && this.#allowed.includes(origin);
    return {
      vary: 'Origin',
      ...(isAllowed && {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        ...exposed(),
      }),
    };
  }

  preflight(request: Request): Response {
    const headers = {
      ...this.headers(request),
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': kRequestHeaders,
      'access-control-max-age': kDaySeconds,
    };
    return new Response(null, { status: 204, headers });
  }
}

function exposed() {
  return { 'access-control-expose-headers': kReplyHeaders };
}
