// The genre picker: one radio button a genre, so that arrow keys work as everywhere.

import { element } from './dom.js';

const EVERYTHING = 'All genres';
const MIN_MOVIES = 5; // a genre with fewer popular movies makes no shelf

/** `filter(movies)` keeps those of the chosen genre; `onChange` runs when another is chosen. */
export function createGenrePicker(fieldset, movies, onChange) {
  let chosen = EVERYTHING;
  for (const genre of [EVERYTHING, ...genresByCount(movies)]) {
    const input = element('input', {
      type: 'radio',
      name: 'genre',
      value: genre,
      checked: genre === chosen,
    });
    input.addEventListener('change', () => {
      chosen = genre;
      onChange();
    });
    fieldset.append(element('label', { className: 'genre' }, input, element('span', {}, genre)));
  }
  return {
    label: () => chosen,
    filter: (list) =>
      chosen === EVERYTHING ? list : list.filter(({ genres }) => genres.includes(chosen)),
  };
}

/** The genres with the most of these movies first. */
export function genresByCount(movies) {
  const counts = new Map();
  for (const genre of movies.flatMap(({ genres }) => genres))
    counts.set(genre, (counts.get(genre) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= MIN_MOVIES)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([genre]) => genre);
}
