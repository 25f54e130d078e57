// Why a movie is listed, in sentences. Imports nothing.

const LEADS = 0.6; // of what the named movies say together: one alone is the reason

/**
 * Sentences for `because` of an item of getRecommendations. `titleOf(itemId)` names a movie;
 * `rules` says what was asked of the list: `{ filtered, percent, diversity }`.
 */
export function reasonsFor({ because, promotionName }, titleOf, rules) {
  const titles = because.events.map(({ itemId }) => titleOf(itemId));
  const sentences = {
    events: () => [watched(because.events, titles)],
    popular: () => ['Many people watched it; nothing you watched speaks for it yet.'],
    explored: () => ['It is new and being tried.'],
    promoted: () => [
      `It is promoted: ${rules.percent} % of this list is kept for “${promotionName}”.`,
      titles.length > 0
        ? `It also goes with ${list(titles)}, which you watched.`
        : 'Of those, it is among the most watched.',
    ],
  }[because.kind]();
  if (because.kind !== 'promoted' && rules.filtered) sentences.push('It passes your filter.');
  if (because.kind !== 'promoted' && rules.diversity > 0)
    sentences.push(`It differs enough from those before it to stay at diversity ${rules.diversity}.`);
  return sentences;
}

function watched(events, titles) {
  const all = events.reduce((sum, { contribution }) => sum + contribution, 0);
  if (titles.length > 1 && events[0].contribution >= LEADS * all)
    return `Mostly because you watched ${titles[0]}; ${list(titles.slice(1))} ${titles.length > 2 ? 'add' : 'adds'} to it.`;
  return `Because you watched ${list(titles)}.`;
}

/** "A", "A and B", "A, B and C". */
function list(titles) {
  return titles.length < 2 ? titles.join('') : `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`;
}
