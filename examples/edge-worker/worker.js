// Amazon Personalize's runtime and events APIs in a Cloudflare Worker. See README.md.
import { createHandler, durableObjectStore, HistoryObject } from 'attune/edge';
import { env } from 'cloudflare:workers';

// The class of the Durable Objects that keep one visitor's history each.
export { HistoryObject };

const kUnseen = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")';

// Made before there is a request that would wait for it.
const handler = createHandler({
  bundle: () => env.BUNDLES.get('shop.attune', 'arrayBuffer'), // read by the first request
  store: durableObjectStore(env.HISTORY),
  filters: { unseen: kUnseen },
  context: ({ country, device, hour }) => ({ COUNTRY: country, DEVICE: device, HOUR_OF_DAY: hour }),
  // Events go on to `attune serve` after the visitor has the answer.
  collector: { url: env.COLLECTOR_URL, fetch: (request) => (env.COLLECTOR ?? globalThis).fetch(request) },
  // Requests must be signed, as the AWS clients do, when there is a key; else anybody may ask.
  credentials: env.ACCESS_KEY_ID
    ? (accessKeyId) => (accessKeyId === env.ACCESS_KEY_ID ? env.SECRET_ACCESS_KEY : undefined)
    : undefined,
});

export default {
  fetch(request, _, ctx) {
    return handler(request, ctx);
  },
};
