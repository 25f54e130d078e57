// The figures of web.mjs as a picture: a row for each measurement, a mark for each package, on a logarithmic scale of
// milliseconds. Marks differ in shape as well as in colour; the picture follows the reader's light or dark palette.

const kWidth = 900;
const kLeft = 205;
const kRight = 40;
const kTop = 134;
const kRow = 50;
const kHeading = 40;

const kMarks = [
  ['attune', 'Attune', (x, y) => `<circle class="a" cx="${x}" cy="${y}" r="5.5"/>`],
  ['onnxruntime-web', 'ONNX Runtime Web', (x, y) => `<rect class="b" x="${x - 5.5}" y="${y - 5.5}" width="11" height="11"/>`],
  ['@tensorflow/tfjs-backend-wasm', 'TensorFlow.js, wasm', (x, y) => `<path class="c" d="M${x} ${y - 7.5}l7.5 13h-15z"/>`],
  ['hnswlib-wasm', 'hnswlib-wasm, approximate', (x, y) => `<path class="d" d="M${x} ${y - 8}l8 8-8 8-8-8z"/>`],
];

const kSections = [
  ['load and first result', 'From nothing to the first list'],
  ['search', 'The best 25 of all, once loaded'],
  ['record and search', 'A new event and the list after it: Attune’s transformer, the others have none'],
];

const kStyle = `
text{font:13px system-ui,-apple-system,"Segoe UI","Liberation Sans",sans-serif;fill:#1d211f}
.title{font-size:18px;font-weight:700}.section{font-weight:650}.soft{fill:#59605c}.value{font-size:11px}
.grid{stroke:#e2ddd3}.row{stroke:#c9c3b7}.ground{fill:#fff}
.a,.b,.c,.d{stroke:#fff;stroke-width:1.5;paint-order:stroke}
.a{fill:#0f766e}.b{fill:#c2410c}.c{fill:#6d4fc4}.d{fill:#a16207}
@media(prefers-color-scheme:dark){text{fill:#f0f2ef}.soft{fill:#a9b1ac}.grid{stroke:#2c322f}.row{stroke:#454d48}.ground{fill:#141816}
.a,.b,.c,.d{stroke:#141816}.a{fill:#5eead4}.b{fill:#fb923c}.c{fill:#b9a3ff}.d{fill:#facc15}}`;

const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.codePointAt(0)};`);
const thousands = (items) => `${items / 1000},000 items`;
const label = (ms) => (ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'));

/**
 * `lines` are { host, measurement, items, figures: { package: { medianMs } } }; `about` are two lines below the title,
 * of the machine and of versions.
 */
export function chart(lines, about = []) {
  const all = lines.flatMap(({ figures }) => Object.values(figures).map(({ medianMs }) => medianMs));
  const from = Math.log10(Math.min(...all)) - 0.3;
  const to = Math.log10(Math.max(...all)) + 0.3;
  const x = (ms) => Number((kLeft + ((Math.log10(ms) - from) / (to - from)) * (kWidth - kLeft - kRight)).toFixed(1));

  const parts = [];
  let y = kTop;
  for (const [measurement, heading] of kSections) {
    y += kHeading;
    parts.push(`<text class="section" x="24" y="${y - 14}">${heading}</text>`);
    for (const line of lines.filter((one) => one.measurement === measurement)) {
      parts.push(row(line, y + kRow / 2, x));
      y += kRow;
    }
  }
  const bottom = y + 8;
  const decades = Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i);
  const ticks = decades.map((decade) => 10 ** decade);
  const grid = ticks.map((ms) => `<path class="grid" d="M${x(ms)} ${kTop}V${bottom}"/><text class="soft" x="${x(ms)}" y="${bottom + 20}" text-anchor="middle">${ms.toLocaleString('en', { maximumFractionDigits: 3 })}</text>`);
  const height = bottom + 56;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${kWidth} ${height}" role="img" aria-labelledby="t d">
<title id="t">Attune beside other packages in Node and in Chromium</title>
<desc id="d">${escaped(lines.map(sentence).join(' '))}</desc>
<style>${kStyle}</style>
<rect class="ground" width="${kWidth}" height="${height}" rx="12"/>
<text class="title" x="24" y="36">Attune beside other packages, in Node and in Chromium</text>
${about.map((text, i) => `<text class="soft" x="24" y="${58 + 19 * i}">${escaped(text)}</text>`).join('\n')}
${legend(lines)}
${grid.join('\n')}
${parts.join('\n')}
<text class="soft" x="${(kLeft + kWidth - kRight) / 2}" y="${bottom + 42}" text-anchor="middle">milliseconds, median; logarithmic scale; further left is better</text>
</svg>
`;
}

function legend(lines) {
  const shown = kMarks.filter(([name]) => lines.some(({ figures }) => figures[name]));
  let at = 32;
  return shown
    .map(([, text, mark]) => {
      const here = at;
      at += 44 + text.length * 7.7;
      return `${mark(here, 108)}<text x="${here + 14}" y="112.5">${text}</text>`;
    })
    .join('\n');
}

/** Values stand above and below the marks in turns, so that neighbours do not cover each other. */
function row({ host, items, figures }, y, x) {
  const found = kMarks.filter(([name]) => figures[name]).sort((one, other) => figures[one[0]].medianMs - figures[other[0]].medianMs);
  const values = found.map(
    ([name], i) => `<text class="value" x="${x(figures[name].medianMs)}" y="${i % 2 === 0 ? y - 12 : y + 20}" text-anchor="middle">${label(figures[name].medianMs)}</text>`,
  );
  const marks = kMarks.filter(([name]) => figures[name]).reverse().map(([name, , mark]) => mark(x(figures[name].medianMs), y));
  return `<text class="soft" x="24" y="${y + 4}">${host}, ${thousands(items)}</text><path class="row" d="M${kLeft} ${y}H${kWidth - kRight}"/>${marks.join('')}${values.join('')}`;
}

function sentence({ host, measurement, items, figures }) {
  const values = kMarks.filter(([name]) => figures[name]).map(([name, text]) => `${text} ${label(figures[name].medianMs)} ms`);
  return `${measurement}, ${host}, ${thousands(items)}: ${values.join(', ')}.`;
}
