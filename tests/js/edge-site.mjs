// Requests to a handler of attune/edge, for its tests.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { createHandler } from '../../js/dist/edge-node.js';
import { bundles } from './fixtures.mjs';

export const ORIGIN = 'https://edge.example';
export const ARN = 'arn:aws:personalize:us-east-1:123456789012:';
export const campaignArn = `${ARN}campaign/shop`;

/** A handler for the bundle `sims`, and what its `waitUntil` was given. */
export class Edge {
  work = [];
  errors = [];

  constructor(options = {}) {
    const bundle = options.campaigns ? undefined : bundles.sims;
    this.handler = createHandler({ bundle, onError: (error) => this.errors.push(error), ...options });
  }

  send(request) {
    return this.handler(request, { waitUntil: (work) => this.work.push(work) });
  }

  /** What is answered to a body, an object or text, in full. */
  post(path, body, headers = {}) {
    const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const all = { 'content-type': 'application/json', ...headers };
    return this.send(new Request(ORIGIN + path, { method: 'POST', body: text, headers: all }));
  }

  get(path, headers = {}) {
    return this.send(new Request(ORIGIN + path, { headers }));
  }

  /** The ids listed for a user. */
  async idsFor(userId, more = {}) {
    const answer = await good(await this.post('/recommendations', { campaignArn, userId, numResults: 5, ...more.body }, more.headers));
    return answer.itemList.map(({ itemId }) => itemId);
  }

  /** The answer to a click of a user on an item. */
  click(userId, itemId, { headers, ...more } = {}) {
    const event = { eventId: randomUUID(), eventType: 'click', itemId, sentAt: Math.floor(Date.now() / 1000), ...more };
    return this.post('/events', { trackingId: 'key', sessionId: 's1', userId, eventList: [event] }, headers);
  }
}

/** The JSON of an answer that must be 200. */
export async function good(response) {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

/** Asserts an error as the AWS clients read it, with a message. */
export async function refused(response, status, type, message = /(?:)/) {
  const body = await response.json();
  assert.equal(response.status, status, JSON.stringify(body));
  assert.equal(body.__type, type);
  assert.equal(response.headers.get('x-amzn-errortype'), type);
  assert.match(response.headers.get('x-amzn-requestid'), /^[0-9a-f-]{36}$/);
  assert.match(body.message, message);
}
