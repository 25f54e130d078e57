// What must compile, and what must not, of attune/aws with the real AWS clients.
import { PersonalizeEventsClient } from '@aws-sdk/client-personalize-events';
import { GetRecommendationsCommand, PersonalizeRuntimeClient } from '@aws-sdk/client-personalize-runtime';
import type { Recommender } from 'attune';
import { clientConfig, requestHandler, type RequestHandlerOptions } from 'attune/aws';
import { createTracker } from 'attune/tracker';

export async function sdk(recommender: Recommender): Promise<(string | undefined)[]> {
  const options: RequestHandlerOptions = {
    recommender,
    tracker: createTracker({ endpoint: 'https://events.example', trackingId: 'key', consent: 'sync' }),
    forward: ({ path, body }) => void [path.length, body.length],
  };
  const runtime = new PersonalizeRuntimeClient(clientConfig(options));
  new PersonalizeEventsClient({ region: 'us-east-1', requestHandler: requestHandler(options) });
  const command = new GetRecommendationsCommand({ campaignArn: 'arn:aws:personalize:::campaign/shop', userId: 'u' });
  const { itemList = [] } = await runtime.send(command);
  // @ts-expect-error a bundle must be loaded first
  requestHandler({ recommender: 'shop.attune' });
  // @ts-expect-error an option that does not exist
  requestHandler({ recommender, store: new Map() });
  return itemList.map(({ itemId }) => itemId);
}
