// examples/movies: what the page says of a filter's mistake, and of why a movie is listed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { load } from '../../js/dist/node.js';
import { bundles } from './fixtures.mjs';

/** The page's scripts are modules of a browser: Node takes them as such from their text only. */
const pageModule = (name) => {
  const code = readFileSync(new URL(`../../examples/movies/site/${name}`, import.meta.url), 'utf8');
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
};
const { wordsOf } = await pageModule('filter-words.js');
const { reasonsFor } = await pageModule('reasons.js');

describe('a mistake in a filter', () => {
  let recommender;
  before(async () => {
    recommender = await load(bundles.sims);
  });
  after(() => recommender.dispose());
  const words = (text) => wordsOf(text, recommender.checkFilter(text));

  test('is marked at its column, with what may have been meant', () => {
    const text = 'INCLUDE ItemID WHERE Items.GENRE IN ("war")';
    const { before, marked, after, message, unfinished, correction } = words(text);
    assert.equal(before, 'INCLUDE ItemID WHERE Items.');
    assert.equal(marked, 'GENRE');
    assert.equal(before + marked + after, text);
    assert.match(message, /^Column 28: no such field; did you mean GENRES\?$/u);
    assert.equal(unfinished, false);
    assert.deepEqual(correction, { word: 'GENRES', text: text.replace('GENRE', 'GENRES') });
    assert.equal(recommender.checkFilter(correction.text), undefined);
  });

  test('is found behind letters of two code units and behind line ends', () => {
    const text = 'INCLUDE ItemID WHERE\nItems.GENRES IN ("\u{1F600}") AND Items.GENRE IN ("é")';
    const { before, marked, correction } = words(text);
    assert.equal(before, text.slice(0, text.lastIndexOf('GENRE')));
    assert.equal(marked, 'GENRE');
    assert.equal(recommender.checkFilter(correction.text), undefined);
  });

  test('is the whole of a quoted text or a single sign', () => {
    assert.equal(words('INCLUDE ItemID WHERE Items.GENRES = ("war').marked, '"war');
    assert.equal(words('INCLUDE ItemID WHERE Items.GENRES IN ("war") )').marked, ')');
  });

  test('has no correction where nothing like it is known', () => {
    const { message, correction } = words('INCLUDE ItemID WHRE x');
    assert.equal(message, 'Column 16: expected WHERE.');
    assert.equal(correction, undefined);
  });

  test('at the end of the text is nothing but unfinished, and nothing is marked', () => {
    const beginnings = ['I', 'include', 'EXCLUDE', 'INCLUDE ItemID', 'INCLUDE ItemID WHERE ',
      'INCLUDE ItemID WHERE Items.GENRES IN ("war"'];
    for (const text of beginnings) {
      const { before, marked, after, message, unfinished } = words(text);
      assert.equal(unfinished, true, text);
      assert.equal(marked, '', text);
      assert.equal(before + after, text);
      assert.match(message, /^Not finished: .+\.$/u);
    }
    assert.equal(words('INCLUDES').unfinished, false);
  });

  test('is the whole name of a filter that the bundle does not have', () => {
    const problem = { message: 'filter: the bundle has none named "befor-1980"; did you mean "before-1980"?' };
    const { marked, correction } = wordsOf('befor-1980', problem);
    assert.equal(marked, 'befor-1980');
    assert.deepEqual(correction, { word: 'before-1980', text: 'before-1980' });
  });
});

describe('why a movie is listed', () => {
  const titleOf = (id) => ({ 1: 'Toy Story', 2: 'Heat', 3: 'Alien' })[id];
  const events = (...contributions) =>
    contributions.map((contribution, i) => ({ itemId: String(i + 1), contribution }));
  const none = { filtered: false, percent: 20, diversity: 0 };
  const say = (kind, listed, rules = none, promotionName = undefined) =>
    reasonsFor({ because: { kind, events: listed }, promotionName }, titleOf, rules).join(' ');

  test('names the movies watched that speak for it', () => {
    assert.equal(say('events', events(1)), 'Because you watched Toy Story.');
    assert.equal(say('events', events(1, 0.9)), 'Because you watched Toy Story and Heat.');
    assert.equal(say('events', events(1, 0.9, 0.8)), 'Because you watched Toy Story, Heat and Alien.');
  });

  test('says which of them says most', () => {
    assert.equal(say('events', events(3, 1)), 'Mostly because you watched Toy Story; Heat adds to it.');
    assert.equal(
      say('events', events(6, 1, 1)),
      'Mostly because you watched Toy Story; Heat and Alien add to it.',
    );
  });

  test('says that it is popular, promoted or new where that is so', () => {
    assert.match(say('popular', []), /^Many people watched it/u);
    assert.match(say('explored', []), /being tried/u);
    assert.match(say('promoted', [], none, 'Since 2010'), /promoted: 20 % .*“Since 2010”.* most watched/u);
    assert.match(say('promoted', events(1), none, 'War'), /goes with Toy Story, which you watched\.$/u);
  });

  test('says which rules it obeys, and that promoted ones are not asked', () => {
    const rules = { filtered: true, percent: 20, diversity: 0.4 };
    assert.match(say('events', events(1), rules), /It passes your filter\. .*diversity 0\.4\.$/u);
    assert.doesNotMatch(say('promoted', [], rules, 'War'), /filter|diversity/u);
    assert.doesNotMatch(say('events', events(1)), /filter|diversity/u);
  });
});
