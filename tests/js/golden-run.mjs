// Answers golden sessions with a recommender, in whatever host: ids, and scores as their bits.

/** What a recommender says to sessions, items and rankings; see golden.mjs. */
export function answersOf(recommender, { sessions, rankings, filter, itemIds }) {
  const opened = ({ events }) => {
    const session = recommender.session();
    for (const event of events) session.record(event);
    return session;
  };
  const closing = (request, use) => {
    const session = opened(request);
    const list = use(session);
    session.dispose();
    return plain(list);
  };
  return {
    lists: sessions.map((one) => closing(one, (session) => session.getRecommendations({ numResults: 40, filter }).itemList)),
    related: itemIds.map((id) => plain(recommender.similarItems(id, { numResults: 15 }).itemList)),
    rankings: rankings.map((one) =>
      closing(one, (session) => session.getPersonalizedRanking({ inputList: one.itemList }).personalizedRanking)),
  };
}

function plain(items) {
  return { ids: items.map(({ itemId }) => itemId), bits: bitsOf(items.map(({ score }) => score)) };
}

/** Scores are of single precision; their bits tell what == does not. */
export function bitsOf(scores) {
  return [...new Uint32Array(Float32Array.from(scores).buffer)];
}
