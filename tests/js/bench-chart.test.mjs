// tests/bench/chart.mjs, the picture of tests/bench/web.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chart } from '../bench/chart.mjs';

const kLines = [
  { host: 'Node', measurement: 'search', items: 10_000, figures: { attune: { medianMs: 0.1 }, 'hnswlib-wasm': { medianMs: 100 } } },
  { host: 'Chromium', measurement: 'search', items: 100_000, figures: { attune: { medianMs: 1 } } },
];
const centres = (svg) => [...svg.matchAll(/<circle class="a" cx="([\d.]+)"/g)].map(([, x]) => Number(x));

test('the chart has a mark a figure, on a logarithmic scale that is labelled, and says all of it in words', () => {
  const svg = chart(kLines, ['a machine <with 2 cores>', 'beside hnswlib-wasm']);
  const [, tenth, one] = centres(svg); // the first is the legend's
  const hundred = Number([...svg.matchAll(/class="d" d="M([\d.]+)/g)].at(-1)[1]);
  assert.ok(Math.abs((hundred - tenth) / (one - tenth) - 3) < 0.02, `${tenth} ${one} ${hundred}: three decades are three times one`);
  for (const tick of ['0.1', '1', '10', '100']) assert.match(svg, new RegExp(`text-anchor="middle">${tick}</text>`));
  assert.match(svg, /<desc id="d">search, Node, 10,000 items: Attune 0\.10 ms, hnswlib-wasm, approximate 100 ms\. search, Chromium, 100,000 items: Attune 1\.0 ms\.<\/desc>/);
  assert.match(svg, /a machine &#60;with 2 cores&#62;/);
  assert.match(svg, /prefers-color-scheme:dark/);
  assert.doesNotMatch(svg, /NaN|undefined|ONNX/);
});

test('marks and values stay inside the picture, whatever the figures', () => {
  for (const [least, most] of [[0.001, 0.002], [0.004, 70_000], [5, 5]]) {
    const svg = chart([{ ...kLines[0], figures: { attune: { medianMs: least }, 'onnxruntime-web': { medianMs: most } } }]);
    const places = [...svg.matchAll(/\b(?:cx|x)="([-\d.]+)"/g)].map(([, x]) => Number(x));
    assert.ok(places.every((x) => x >= 0 && x <= 900), `${least} to ${most}: ${places}`);
  }
});
