// The handler's part of what a Worker does when it is imported; see rehearsal.ts.
import type { EdgeHandler, EdgeOptions } from './edge-types.js';
import { kRehearsalEvents, rehearsalBundle } from './rehearsal.js';

const kBody = { campaignArn: 'arn:aws:personalize:::campaign/a', userId: 'a', numResults: 25, events: kRehearsalEvents };

/**
 * Has a handler answer a request, up to the Response: that, and reading a Request's body, Workers forbid before
 * there is a real request.
 */
export async function rehearseRequest(createHandler: (options: EdgeOptions) => EdgeHandler): Promise<void> {
  const handler = createHandler({ bundle: rehearsalBundle(), onError: () => {} });
  const parts = [new TextEncoder().encode(JSON.stringify(kBody))];
  const read = async () => ({ done: parts.length === 0, value: parts.pop() });
  const headers = new Headers({ 'content-type': 'application/json' });
  const request = { url: 'http://a/recommendations', method: 'POST', headers, body: { getReader: () => ({ read }) } };
  await handler(request as unknown as Request);
}
