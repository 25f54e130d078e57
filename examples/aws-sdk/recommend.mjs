// A program for Amazon Personalize as it is: one click, then a list. What was added to have it answered on
// this machine is the line that makes `onDevice`, and its use where the clients are configured.
//   node recommend.mjs shop.attune ITEM     # without a bundle it asks the service itself
import { PersonalizeEventsClient, PutEventsCommand } from '@aws-sdk/client-personalize-events';
import { GetRecommendationsCommand, PersonalizeRuntimeClient } from '@aws-sdk/client-personalize-runtime';
import { load } from 'attune';
import { clientConfig } from 'attune/aws';

const [bundle, itemId = '42'] = process.argv.slice(2);
const onDevice = bundle && clientConfig({ recommender: await load(bundle) });

const events = new PersonalizeEventsClient({ region: 'us-east-1', ...onDevice });
const runtime = new PersonalizeRuntimeClient({ region: 'us-east-1', ...onDevice });

await events.send(
  new PutEventsCommand({
    trackingId: 'my-tracker',
    sessionId: 'session-1',
    userId: 'ada',
    eventList: [{ eventType: 'click', itemId, sentAt: new Date() }],
  }),
);
const { itemList, recommendationId } = await runtime.send(
  new GetRecommendationsCommand({
    campaignArn: 'arn:aws:personalize:us-east-1:123456789012:campaign/shop',
    userId: 'ada',
    numResults: 5,
  }),
);
console.log(JSON.stringify({ recommendationId, itemList }));
