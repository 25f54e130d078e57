// What the visitor says about the list as a whole, as options of getRecommendations: a filter, a
// promotion, a diversity.

import { createFilterBox } from './filter-box.js';
import { element } from './dom.js';
import { genresByCount } from './genres.js';

const WIDE = '(min-width: 60rem)'; // the panel is open from the start where there is room
const NEW_SINCE = 2010;
const SEED = 1; // places of promoted movies are drawn: without a seed, anew with every click

const byId = (id) => document.getElementById(id);

/**
 * `alwaysLeftOut` is a filter that every list obeys, `movies` those whose genres may be promoted;
 * `onChange(what)` runs when a rule has changed, with the change in words.
 */
export function createRules(panel, { recommender, session, alwaysLeftOut, movies, onChange }) {
  panel.open = matchMedia(WIDE).matches;
  const filter = createFilterBox({ recommender, session, onChange });
  const promotion = createPromotion(movies, alwaysLeftOut, onChange);
  const diversity = createDiversity(onChange);
  return {
    any: () => filter.expression() !== '' || promotion.options() !== undefined || diversity() > 0,
    options: () => ({
      // The visitor's comes first, so that its columns are those of the box.
      filter: [filter.expression(), alwaysLeftOut].filter(Boolean).join(' | '),
      ...promotion.options(),
      ...(diversity() > 0 && { diversity: diversity() }),
    }),
    said: () => ({
      filtered: filter.expression() !== '',
      percent: promotion.percent(),
      diversity: diversity(),
    }),
    /** Says what came of the rules. */
    show(list) {
      filter.count();
      byId('rules-facts').textContent = facts(list);
    },
  };
}

function createPromotion(movies, alwaysLeftOut, onChange) {
  const [choice, slider, said] = ['', '-percent', '-said'].map((part) => byId(`promotion${part}`));
  const promotions = new Map([
    ['', undefined],
    ['new', newMovies(alwaysLeftOut)],
    ...genresByCount(movies).map((genre) => [genre, ofGenre(genre, alwaysLeftOut)]),
  ]);
  const label = (key) => promotions.get(key)?.name ?? 'nothing';
  choice.append(
    ...[...promotions.keys()].map((value) =>
      element('option', { value, textContent: value === '' ? 'Nothing' : label(value) }),
    ),
  );
  const percent = () => slider.valueAsNumber;
  const show = () => {
    slider.disabled = choice.value === '';
    said.textContent = slider.disabled ? 'none' : `${percent()}\u00a0%`;
  };
  show();
  const changed = () => {
    show();
    onChange(
      slider.disabled
        ? 'Nothing is promoted.'
        : `${percent()} percent of the list for ${label(choice.value)}.`,
    );
  };
  choice.addEventListener('change', changed);
  slider.addEventListener('input', changed);
  return {
    percent,
    options() {
      const promotion = promotions.get(choice.value);
      if (promotion === undefined) return undefined;
      return { promotions: [{ ...promotion, percentPromotedItems: percent() }], seed: SEED };
    },
  };
}

const newMovies = (alwaysLeftOut) => ({
  name: `Since ${NEW_SINCE}`,
  filter: `INCLUDE ItemID WHERE Items.YEAR >= ${NEW_SINCE} | ${alwaysLeftOut}`,
});

const ofGenre = (genre, alwaysLeftOut) => ({
  name: genre,
  filter: `INCLUDE ItemID WHERE Items.GENRES IN ($genre) | ${alwaysLeftOut}`,
  filterValues: { genre: [genre] },
});

/** The slider's value, 0 to 1, as a function. */
function createDiversity(onChange) {
  const [slider, said] = [byId('diversity'), byId('diversity-said')];
  const show = () => {
    said.textContent = slider.valueAsNumber > 0 ? slider.value : 'off';
  };
  show();
  slider.addEventListener('input', () => {
    show();
    onChange(`Diversity ${said.textContent}.`);
  });
  return () => slider.valueAsNumber;
}

/** "18 movies, 11 genres, 4 promoted"; of an empty list as high a line with nothing in it. */
function facts(movies) {
  const genres = new Set(movies.flatMap((movie) => movie.genres)).size;
  const promoted = movies.filter(({ promotionName }) => promotionName).length;
  const parts = [count(movies.length, 'movie'), count(genres, 'genre')];
  if (promoted > 0) parts.push(`${promoted} promoted`);
  return movies.length > 0 ? parts.join(', ') : '\u00a0';
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
