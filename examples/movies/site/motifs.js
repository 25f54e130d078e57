// What can be on a poster. Each motif takes `{ random, between, colours }` and returns SVG elements
// for a surface of 200 by 300; the title covers the lower third.

import { svg } from './dom.js';

const repeat = (count, draw) => Array.from({ length: count }, (_, i) => draw(i));
const circle = (cx, cy, r, rest) => svg('circle', { cx, cy, r, ...rest });
const path = (d, rest) => svg('path', { d, ...rest });

function stars({ random, between, colours }, count) {
  return repeat(count, () =>
    circle(between(0, 200), between(0, 210), between(0.5, 1.7), {
      fill: colours.light,
      opacity: 0.35 + 0.6 * random(),
    }),
  );
}

function planet(look) {
  const { between, colours } = look;
  const [cx, cy, r] = [between(70, 140), between(90, 140), between(44, 66)];
  const turn = `rotate(${between(-32, 32)} ${cx} ${cy})`;
  return [
    ...stars(look, 34),
    circle(cx, cy, r, { fill: colours.warm }),
    path(`M${cx} ${cy - r}a${r} ${r} 0 0 1 0 ${2 * r}a${r * 1.25} ${r * 1.25} 0 0 0 0 ${-2 * r}`, {
      fill: colours.deep,
      opacity: 0.5,
      transform: turn,
    }),
    svg('ellipse', {
      cx,
      cy,
      rx: r * 1.65,
      ry: r * 0.34,
      fill: 'none',
      stroke: colours.light,
      'stroke-width': 3,
      opacity: 0.85,
      transform: turn,
    }),
  ];
}

function hill(base, { between }) {
  const [a, b, c, d] = repeat(4, () => base + between(-34, 26));
  return `M0 ${a}C40 ${b - 26} 62 ${b} 100 ${c}S164 ${d - 30} 200 ${d}V300H0Z`;
}

function hills(look) {
  const { between, colours } = look;
  return [
    circle(between(46, 154), between(74, 116), between(26, 44), { fill: colours.light }),
    path(hill(148, look), { fill: colours.warm, opacity: 0.55 }),
    path(hill(182, look), { fill: colours.bottom, opacity: 0.75 }),
    path(hill(222, look), { fill: colours.deep }),
  ];
}

function rings({ between, colours }) {
  const [cx, cy] = [between(60, 140), between(84, 136)];
  const gap = between(13, 19);
  return repeat(9, (i) =>
    circle(cx + i * 1.5, cy + i, (9 - i) * gap, {
      fill: i % 2 === 0 ? colours.deep : colours.light,
      opacity: i % 2 === 0 ? 0.42 : 0.3 + i * 0.05,
    }),
  );
}

function bar(y, slant, height) {
  return `M-10 ${y}L210 ${y + slant}v${height}L-10 ${y + height}Z`;
}

function blinds({ between, colours }) {
  const slant = between(-26, 26);
  const [first, gap] = [between(18, 34), between(21, 27)];
  const [cx, cy] = [between(70, 130), between(86, 128)];
  return [
    circle(cx, cy, between(46, 60), { fill: colours.warm, opacity: 0.9 }),
    ...repeat(9, (i) =>
      path(
        bar(first + i * gap, slant, gap * 0.52),
        { fill: colours.deep, opacity: 0.72 },
      ),
    ),
  ];
}

function bubbles({ random, between, colours }) {
  const fills = [colours.light, colours.warm, '#fff', colours.top];
  return repeat(13, (i) =>
    circle(between(8, 192), between(12, 212), i < 5 ? between(28, 50) : between(5, 20), {
      fill: fills[i % fills.length],
      opacity: 0.28 + 0.45 * random(),
    }),
  );
}

function rays({ between, colours }) {
  const [x, y, count] = [between(40, 160), between(140, 200), 11];
  const from = between(0, Math.PI);
  const point = (angle) => `${x + 420 * Math.cos(angle)} ${y + 420 * Math.sin(angle)}`;
  const width = Math.PI / count;
  return [
    ...repeat(count, (i) =>
      path(`M${x} ${y}L${point(from + 2 * i * width)}L${point(from + (2 * i + 1) * width)}Z`, {
        fill: colours.warm,
        opacity: 0.42,
      }),
    ),
    circle(x, y, between(26, 42), { fill: colours.light }),
    circle(x, y, between(10, 18), { fill: colours.bottom }),
  ];
}

function waves({ between, colours }) {
  const fills = [colours.light, colours.warm, colours.top, colours.deep];
  const swell = between(20, 46);
  const start = between(70, 104);
  return fills.map((fill, i) => {
    const y = start + i * 42;
    const lift = i % 2 === 0 ? swell : -swell;
    return path(
      `M0 ${y}C50 ${y - lift} 80 ${y + lift} 120 ${y}S180 ${y - lift} 200 ${y - lift / 2}V300H0Z`,
      { fill, opacity: i === 3 ? 0.8 : 0.5 },
    );
  });
}

function shards({ between, colours }) {
  const [x, y] = [between(70, 130), between(80, 120)];
  return repeat(11, (i) => {
    const [angle, spread, reach] = [
      i * 0.571 + between(-0.2, 0.2),
      between(0.09, 0.26),
      between(90, 230),
    ];
    const point = (turn) => `${x + reach * Math.cos(turn)} ${y + reach * Math.sin(turn)}`;
    return path(`M${x} ${y}L${point(angle - spread)}L${point(angle + spread)}Z`, {
      fill: [colours.deep, colours.warm, colours.light][i % 3],
      opacity: i % 3 === 0 ? 0.8 : 0.5,
    });
  });
}

function tower(x, width, top) {
  return `M${x} 300V${top}l${width / 2} ${-width}l${width / 2} ${width}V300Z`;
}

function moon(look) {
  const { between, colours } = look;
  const [cx, cy, r] = [between(62, 138), between(70, 104), between(32, 48)];
  return [
    ...stars(look, 26),
    circle(cx, cy, r * 1.5, { fill: colours.light, opacity: 0.16 }),
    circle(cx, cy, r, { fill: colours.light }),
    path(hill(200, look), { fill: colours.top, opacity: 0.55 }),
    ...repeat(4, (i) =>
      path(tower(20 + i * 42 + between(-8, 8), between(18, 30), between(150, 214)), {
        fill: colours.deep,
        opacity: 0.9,
      }),
    ),
  ];
}

function arcs({ between, colours }) {
  const fills = [colours.light, colours.warm, colours.top, colours.bottom, colours.light];
  const [cx, cy, r] = [between(20, 180), between(150, 214), between(118, 146)];
  return fills.map((fill, i) => circle(cx, cy, r - i * 25, { fill, opacity: 0.72 }));
}

function tiles({ random, between, colours }) {
  const size = 40;
  const round = between(2, 20);
  return repeat(30, (i) =>
    svg('rect', {
      x: (i % 5) * size + 3,
      y: Math.floor(i / 5) * size + 3,
      width: size - 6,
      height: size - 6,
      rx: round,
      fill: [colours.light, colours.warm, colours.deep][Math.floor(random() * 3)],
      opacity: 0.15 + 0.6 * random() ** 2,
    }),
  );
}

export const MOTIFS = {
  planet,
  hills,
  rings,
  blinds,
  bubbles,
  rays,
  waves,
  shards,
  moon,
  arcs,
  tiles,
};
