// A drawing for every style of the shop, in colours that go with the product's name. Imports only dom.js.

import { svg } from './dom.js';

const TINTS = 8; // .tint-0 to .tint-7 in drawings.css

// Outlines, in a square of 120.
const round = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
const box = (x, y, w, h, r = 2) =>
  `M${x + r} ${y}h${w - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${h - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - w}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - h}a${r} ${r} 0 0 1 ${r} ${-r}z`;

// Shapes: filled in the main, deep or pale colour, as leaves or light, or drawn as lines.
const main = (...d) => ['main', d];
const deep = (...d) => ['deep', d];
const pale = (...d) => ['pale', d];
const leaf = (...d) => ['leaf', d];
const glow = (...d) => ['glow', d];
const line = (...d) => ['line', d];
const strap = (...d) => ['strap', d];
const thin = (...d) => ['thin', d];

const STYLES = {
  backpacks: [deep(box(28, 50, 9, 38, 4), box(83, 50, 9, 38, 4)), line('M48 36v-8a12 12 0 0 1 24 0v8'), main(box(34, 32, 52, 68, 17)), deep(box(43, 66, 34, 25, 6)), thin('M43 52h34'), pale(box(55, 74, 10, 5, 2))],
  bags: [line('M44 62V42a16 16 0 0 1 32 0v20'), main('M31 50h58l6 52H25z'), pale(box(48, 70, 24, 16, 2)), thin('M54 78h12')],
  hats: [pale(round(60, 34, 10)), main('M27 80a33 38 0 0 1 66 0z'), deep(box(22, 74, 76, 20, 9)), thin('M36 76v16M48 76v16M60 76v16M72 76v16M84 76v16')],
  scarves: [deep(box(62, 48, 18, 46, 3)), main('M34 30c12-9 40-9 52 0l-7 24c-10 6-28 6-38 0z', box(42, 46, 20, 56, 3)), thin('M42 84h20M42 92h20M62 78h18M62 86h18M40 38c12 8 28 8 40 0')],
  watches: [deep(box(48, 16, 24, 88, 8)), main(round(60, 60, 27)), pale(round(60, 60, 20)), line('M60 60V47M60 60l9 6')],
  dresses: [line('M49 28v-8M71 28v-8'), main('M47 26h26l-5 20 23 56H29l23-56z'), deep('M52 46h16l3 9H49z'), thin('M44 94l6-30M76 94l-6-30M60 94V66')],
  jackets: [main('M42 26h36l20 14-7 32-9-4v34H38V68l-9 4-7-32z'), deep('M42 26h12l6 24-14-8zM78 26H66l-6 24 14-8z'), line('M60 50v52'), deep(box(43, 78, 11, 3, 1), box(66, 78, 11, 3, 1)), pale(round(65, 60, 2), round(65, 70, 2), round(65, 88, 2))],
  jumpers: [main('M44 28h32l22 15-8 33-11-4v30H41V72l-11 4-8-33z'), deep('M47 28a13 11 0 0 0 26 0z', box(41, 95, 38, 8, 2)), thin('M41 64l6-7 6 7 7-7 7 7 6-7 6 7M41 74l6-7 6 7 7-7 7 7 6-7 6 7')],
  shirts: [main('M44 28h32l22 17-11 18-9-6v45H42V57l-9 6-11-18z'), pale('M48 28l12 14 12-14z'), deep('M44 28h6l10 14-8 6zM76 28h-6L60 42l8 6z'), thin('M60 48v54'), deep(round(63, 58, 2), round(63, 72, 2), round(63, 86, 2))],
  trousers: [main('M41 20h38l7 82H66l-6-52-6 52H34z'), deep(box(41, 20, 38, 8, 1)), thin('M60 28v20M46 28l-3 14M74 28l3 14')],
  benches: [deep(box(27, 34, 6, 70, 2), box(87, 34, 6, 70, 2)), main(box(22, 38, 76, 9, 3), box(22, 52, 76, 9, 3), box(17, 72, 86, 11, 3))],
  feeders: [line('M60 24V12'), main(box(41, 46, 38, 40, 2)), pale(box(47, 54, 26, 24, 2)), deep('M60 20L27 48h66z', box(26, 85, 68, 8, 3)), glow('M82 83c-2-10 6-15 12-12l8 1-5 5c0 6-8 9-15 6z')],
  planters: [leaf('M60 62c-24-4-29-28-26-40 18 5 28 20 26 40z', 'M60 62c2-26 19-37 33-37 2 18-9 35-33 37z', 'M60 62c-6-18-3-36 2-46 9 11 9 32-2 46z'), main('M34 66h52l-6 38H40z'), deep(box(29, 60, 62, 11, 3)), thin('M42 80h36')],
  tools: [main(box(53, 12, 14, 36, 7)), deep(box(57, 42, 6, 22, 1)), pale(box(53, 22, 14, 4, 1)), main('M60 108c-15-12-18-32-13-46h26c5 14 2 34-13 46z'), thin('M60 68v30')],
  watering: [line('M82 58c20-4 20 36 0 34M48 50c0-24 28-24 28 0'), deep('M44 86L22 54l6-5 20 22zM13 55l17-13 4 6-16 12z'), main(box(42, 48, 42, 54, 6)), thin('M42 60h42M42 92h42')],
  boards: [main(box(52, 12, 16, 34, 8), box(34, 36, 52, 68, 9)), pale(round(60, 23, 4)), thin('M46 52v38M56 48v46M66 52v38M76 56v32')],
  bowls: [deep(box(46, 96, 28, 8, 2)), main('M20 54h80c0 28-17 46-40 46S20 82 20 54z'), pale('M20 54a40 10 0 0 1 80 0a40 10 0 0 1-80 0z'), deep('M28 55a32 6 0 0 1 64 0a32 6 0 0 1-64 0z')],
  mugs: [thin('M48 30c-5-7 5-9 0-17M62 30c-5-7 5-9 0-17'), line('M78 54c22-5 22 34 0 30'), main(box(32, 40, 48, 62, 9)), pale(box(32, 58, 48, 10, 0)), deep('M34 42a22 5 0 0 1 44 0a22 5 0 0 1-44 0z')],
  pans: [deep(box(78, 58, 36, 8, 4)), main(box(20, 54, 62, 42, 9)), deep(box(16, 48, 70, 10, 5)), pale(box(44, 38, 14, 10, 4)), thin('M30 84h42')],
  teapots: [line('M34 58c-22-2-22 32 0 30'), deep('M82 66c12-2 10-16 20-19l5 7c-10 5-9 24-22 31z'), main(round(58, 72, 30)), deep('M40 48a18 11 0 0 1 36 0z'), pale(round(58, 36, 5)), thin('M38 78c10 8 30 8 40 0')],
  candles: [glow('M60 14c10 12 10 24 0 27c-10-3-10-15 0-27z'), line('M60 42v8'), pale(box(51, 48, 18, 44, 3)), main('M36 90h48l-6 12H42z'), deep(box(32, 86, 56, 7, 3))],
  'floor-lamps': [glow('M33 46h54l10 16H23z'), main('M46 14h28l13 34H33z'), deep(box(58, 46, 4, 54, 1), box(40, 98, 40, 7, 3)), thin('M46 42l5-24M74 42l-5-24')],
  lanterns: [line('M46 34a14 18 0 0 1 28 0'), main(box(37, 40, 46, 56, 5)), pale(box(45, 48, 30, 40, 3)), glow('M60 54c8 11 9 22 0 26c-9-4-8-15 0-26z'), deep(box(41, 32, 38, 9, 3), box(34, 94, 52, 9, 3))],
  pendants: [line('M60 8v28'), glow('M44 74a16 14 0 0 0 32 0z'), main('M24 76a36 40 0 0 1 72 0z'), deep(box(53, 32, 14, 9, 2), box(22, 73, 76, 6, 3)), thin('M38 66a24 26 0 0 1 14-20')],
  'table-lamps': [glow('M28 62h64l6 8H22z'), main('M43 20h34l15 42H28z'), deep('M54 62h12v8c9 4 12 12 12 20 0 8-8 10-8 10H50s-8-2-8-10c0-8 3-16 12-20z', box(40, 97, 40, 7, 3)), thin('M44 54l7-30M76 54l-7-30')],
  boots: [main('M42 18h28v46c9 5 28 7 28 28v6H42z'), deep(box(40, 93, 60, 10, 4), box(42, 18, 28, 9, 2)), thin('M57 38h13M57 48h13M58 58h13')],
  loafers: [main('M17 88c0-16 4-28 9-30 9 7 20 7 28-1 10 15 48 9 49 31z'), deep(box(15, 86, 90, 10, 4)), pale('M48 63l20 12-12 8-18-12z'), thin('M36 62c8 2 14 0 18-4')],
  sandals: [line('M32 88c-8-14-6-26 4-32'), strap('M36 88c0-26 16-30 28-12M66 88c4-26 24-24 30 0'), deep(box(16, 86, 90, 11, 5)), pale(round(51, 70, 4))],
  slippers: [main('M18 88c0-20 10-29 24-29h14c4 12 46 6 48 29z'), pale(round(43, 60, 7), round(53, 62, 7), round(34, 66, 7)), deep(box(14, 86, 94, 11, 5)), thin('M70 70c10 0 18 3 22 8')],
  trainers: [main('M16 84V54c9 5 18 3 23-7l13-2c9 18 26 23 43 25 9 1 11 7 11 14z'), pale(box(14, 84, 94, 12, 5)), deep('M16 72c18 4 30 0 36-8l10 8c-12 12-30 14-46 12z'), thin('M52 58l9-7M59 65l9-7M67 71l8-7')],
  balls: [main(round(60, 60, 38)), thin('M22 60h76M60 22v76M35 31c15 16 15 42 0 58M85 31c-15 16-15 42 0 58')],
  bikes: [line(round(31, 78, 21), round(89, 78, 21)), strap('M31 78l18-36h28l12 36M49 42l12 36H31M61 78l17-36'), line('M42 38h15M77 42l-4-14h13'), pale(round(61, 78, 5))],
  mats: [main('M38 38h54a8 8 0 0 1 8 8v40a8 8 0 0 1-8 8H38z'), deep(round(38, 66, 28)), pale(round(38, 66, 20)), line('M38 54a12 12 0 1 1-11 16M38 61a5 5 0 1 1-4 8'), thin('M78 38v56')],
  rackets: [thin('M46 26v36M53 20v48M60 18v52M67 20v48M74 26v36M39 34h42M38 44h44M39 54h42'), strap('M60 14a23 29 0 1 1 0 58a23 29 0 1 1 0-58z'), main('M50 68l7 16h6l7-16-10 5z'), deep(box(55, 82, 10, 28, 4)), pale(box(55, 92, 10, 3, 1), box(55, 99, 10, 3, 1))],
  weights: [deep(box(34, 56, 52, 9, 3)), main(box(22, 38, 16, 45, 5), box(82, 38, 16, 45, 5)), deep(box(13, 47, 9, 27, 4), box(98, 47, 9, 27, 4)), thin('M30 44v33M90 44v33')],
  bears: [main(round(34, 38, 14), round(86, 38, 14)), pale(round(34, 38, 7), round(86, 38, 7)), main(round(60, 66, 36)), pale(round(60, 78, 16)), deep(round(46, 58, 4), round(74, 58, 4), round(60, 71, 5)), line('M60 76v5M53 84c4 4 10 4 14 0')],
  blocks: [main(box(19, 64, 40, 40, 4)), deep(box(62, 64, 40, 40, 4)), pale(box(40, 21, 40, 40, 4)), thin(round(39, 84, 11), box(73, 75, 18, 18, 1)), line('M60 31l11 19H49z')],
  kites: [line('M60 90c10 5-10 9 0 18'), main('M60 12l32 38-32 42-32-42z'), deep('M60 12l32 38H60zM60 50v42L28 50z'), thin('M60 12v80M28 50h64')],
  puzzles: [main('M27 42h22c-5-18 27-18 22 0h22v22c-18-5-18 27 0 22v18H71c5-16-27-16-22 0H27V84c16 5 16-27 0-22z'), thin('M36 52h10M36 60h5')],
  trains: [pale(round(33, 24, 6), round(46, 17, 8)), deep(box(28, 34, 13, 24, 2), box(68, 30, 34, 10, 3)), main(box(18, 54, 54, 34, 6), box(70, 36, 30, 52, 3)), pale(box(77, 46, 16, 16, 2)), deep(round(32, 92, 12), round(60, 92, 12), round(87, 92, 12)), pale(round(32, 92, 5), round(60, 92, 5), round(87, 92, 5)), thin('M18 66h50')],
};

/** The class that colours whatever is about this product: the first words of its title decide. */
export function tintOf({ title }) {
  let sum = 0;
  for (const letter of title.split(' ', 2).join('')) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return `tint-${sum % TINTS}`;
}

/** A picture of a product; decorative, because its title stands beside it. */
export function drawing(product) {
  const shapes = (STYLES[product.style] ?? [main(box(30, 30, 60, 60, 10))]).map(([kind, paths]) =>
    svg('path', { class: kind, d: paths.join('') }),
  );
  const shadow = svg('ellipse', { class: 'shade', cx: 60, cy: 106, rx: 42, ry: 4 });
  return svg('svg', { class: `drawing ${tintOf(product)}`, viewBox: '0 0 120 120', 'aria-hidden': 'true' }, shadow, ...shapes);
}
