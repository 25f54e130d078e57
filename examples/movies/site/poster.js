// Draws a poster for every movie: its genre chooses colours and motif, its title the variation.
// The same title gives the same poster everywhere.

import { svg } from './dom.js';
import { MOTIFS } from './motifs.js';

const WIDTH = 200;
const HEIGHT = 300;

/** By genre, the telling ones first: motifs that suit it, its hue and the second colour's. */
const GENRE_LOOKS = new Map([
  ['Film-Noir', [['blinds', 'moon'], 220, 210]],
  ['Western', [['hills', 'rays'], 24, 356]],
  ['Sci-Fi', [['planet', 'planet', 'tiles'], 232, 190]],
  ['Horror', [['shards', 'moon'], 352, 330]],
  ['Animation', [['bubbles', 'hills'], 190, 320]],
  ['Musical', [['rays', 'bubbles'], 316, 268]],
  ['War', [['shards', 'hills'], 158, 214]],
  ['Documentary', [['tiles'], 200, 160]],
  ['Fantasy', [['moon', 'hills'], 268, 220]],
  ['Mystery', [['rings', 'moon'], 254, 296]],
  ['Children', [['bubbles', 'arcs'], 28, 330]],
  ['Adventure', [['hills', 'rays', 'moon'], 168, 202]],
  ['Romance', [['waves', 'arcs', 'bubbles'], 338, 18]],
  ['Crime', [['blinds', 'blinds', 'tiles'], 4, 336]],
  ['Thriller', [['rings', 'blinds', 'shards'], 204, 176]],
  ['Action', [['rays', 'shards'], 16, 342]],
  ['Comedy', [['arcs', 'bubbles', 'tiles'], 30, 322]],
  ['Drama', [['waves', 'arcs', 'hills'], 222, 268]],
]);
const PLAIN_LOOK = [['tiles'], 230, 270];
const GENRES_CHOSEN_FROM = 3;

let gradients = 0; // every gradient of the document needs an id of its own

/** An SVG element, hidden from screen readers: the title stands beside it. */
export function drawPoster({ title, genres }) {
  const random = seededRandom(title);
  const [motifs, hue, otherHue] = pick(looksOf(genres), random);
  const motif = pick(motifs, random);
  const shift = between(random, -16, 16);
  const colours = coloursOf(hue + shift, otherHue + shift);
  const id = `poster-${++gradients}`;
  return svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'xMidYMid slice',
      'aria-hidden': 'true',
    },
    svg('defs', {}, gradient(id, colours)),
    svg('rect', { width: WIDTH, height: HEIGHT, fill: `url(#${id})` }),
    ...MOTIFS[motif]({ random, colours, between: (low, high) => between(random, low, high) }),
  );
}

/** A movie of several genres shows one of its most telling ones. */
function looksOf(genres) {
  const looks = [...GENRE_LOOKS]
    .filter(([genre]) => genres.includes(genre))
    .map(([, look]) => look);
  return looks.length > 0 ? looks.slice(0, GENRES_CHOSEN_FROM) : [PLAIN_LOOK];
}

function pick(choices, random) {
  return choices[Math.floor(random() * choices.length)];
}

function coloursOf(hue, otherHue) {
  return {
    top: `hsl(${hue} 62% 46%)`,
    bottom: `hsl(${otherHue} 66% 20%)`,
    light: `hsl(${otherHue} 88% 76%)`,
    warm: `hsl(${hue + 26} 92% 66%)`,
    deep: `hsl(${hue} 60% 15%)`,
  };
}

function gradient(id, { top, bottom }) {
  return svg(
    'linearGradient',
    { id, x1: 0, y1: 0, x2: 0.35, y2: 1 },
    svg('stop', { offset: 0, 'stop-color': top }),
    svg('stop', { offset: 1, 'stop-color': bottom }),
  );
}

function between(random, low, high) {
  return low + random() * (high - low);
}

/** Numbers in [0, 1) that depend on the text only (FNV-1a, then a multiply-xorshift mixer). */
function seededRandom(text) {
  let state = 0x811c9dc5;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
