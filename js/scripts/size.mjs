// Prints the bytes of every entry, minified with all it imports, and of attune.wasm, and fails past
// the budgets. Run it as `npm run size` after a build.
//   node scripts/size.mjs [FOLDER]
// With a folder that has a peers.json (tests/bench) also what a visitor downloads to find the best of many vectors
// with other packages, where they are installed there.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const dist = new URL('../dist/', import.meta.url);

/** What is measured, and how many bytes each may have. */
const kBudgets = [
  // 120,000 and 50,000 until lists of a million items got a first pass over codes; 124,000 and 53,000
  // until rankings were filtered; 124,600 and 53,700 until older events passed over most of the last layer, and ids and
  // lists came with lengths in the place of offsets; 127,000 and 54,800 until a transformer could point back; 129,200 and 55,600
  // until functions were cut for fresh processes, which compile them at their first call.
  { name: 'attune.wasm', raw: 133_700, gzip: 55_000 },
  // 8,750, 8,900 and 8,750 until bundles went straight into the module's memory, metadata later too, and rankings had filters;
  // 9,100, 9,450 and 9,100 until what reads a response came at once: a request less before the first list; 9,650 until files
  // were hashed in pieces.
  { name: 'index.js', brotli: 9_200 },
  // 9,750 until the other files of Node had what they share with it from there.
  { name: 'node.js', brotli: 9_900 },
  // 9,200 and 9,400 beside until Workers rehearsed.
  { name: 'workerd.js', brotli: 11_100 },
  { name: 'tracker.js', brotli: 6_000 },
  { name: 'tracker.js', beside: 'index.js', brotli: 5_000 },
  { name: 'edge-workerd.js', beside: 'workerd.js', brotli: 9_500 },
  { name: 'aws.js', beside: 'index.js', brotli: 4_200 },
  { name: 'worker.js', brotli: 2_300 },
  { name: 'worker-host.js', beside: 'index.js', brotli: 850 },
  { name: 'element.js', beside: 'index.js', brotli: 3_000 },
  { name: 'react.js', beside: 'index.js', brotli: 1_300 },
  { name: 'inline.js' },
  // 6,950 until metadata came later, too; 7,750 until then.
  { name: 'index.js', later: true, brotli: 7_500 },
];

/**
 * The bytes a user of these files downloads: of entries, minified with all they import at once; `later`
 * are those of the parts they import when they are needed.
 */
async function bytesOf(names, later) {
  const [path] = names.map((name) => fileURLToPath(new URL(name, dist)));
  if (path.endsWith('.wasm')) return readFileSync(path);
  return (await bundled(names, fileURLToPath(dist)))[later ? 'later' : 'atOnce'];
}

/** Chunks named by number instead of by hash: by chance one compresses ten bytes better than another. */
function withoutHashes(text) {
  const names = [];
  return text.replace(/chunk-[A-Z\d]{8}/g, (name) => {
    if (!names.includes(name)) names.push(name);
    return `chunk-${String(names.indexOf(name)).padStart(8, '0')}`;
  });
}

/** Minified with all they import: `atOnce`, and `later` what import() asks for. */
async function bundled(names, resolveDir) {
  const contents = names.map((name) => `export * from './${name}';`).join('\n');
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir, sourcefile: 'entry.js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    splitting: true,
    metafile: true,
    outdir: 'size',
    external: ['node:*', '*.wasm', 'react'],
    logLevel: 'error',
  });
  const outputs = new Map(Object.entries(metafile.outputs));
  const atOnce = new Set();
  const visit = (output) => {
    if (atOnce.has(output)) return;
    atOnce.add(output);
    for (const { path, kind, external } of outputs.get(output).imports)
      if (!external && kind === 'import-statement') visit(path);
  };
  visit([...outputs.keys()].find((output) => outputs.get(output).entryPoint?.endsWith('entry.js')));
  const isAtOnce = ({ path }) => atOnce.has([...outputs.keys()].find((output) => path.endsWith(output)));
  const joined = (files) => Buffer.from(withoutHashes(files.map(({ text }) => text).join('')));
  return { atOnce: joined(outputFiles.filter(isAtOnce)), later: joined(outputFiles.filter((file) => !isAtOnce(file))) };
}

function sizesOf(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

/** What a file costs alone, or more than the one it is used beside: they share modules. */
async function sizes({ name, beside, later }) {
  if (!beside) return sizesOf(await bytesOf([name], later));
  const both = sizesOf(await bytesOf([beside, name], later));
  const first = sizesOf(await bytesOf([beside], later));
  return Object.fromEntries(Object.keys(both).map((kind) => [kind, both[kind] - first[kind]]));
}

let failed = false;
for (const { name, beside, later = false, ...budget } of kBudgets) {
  const found = await sizes({ name, beside, later });
  const over = Object.keys(budget).filter((kind) => found[kind] > budget[kind]);
  console.log(JSON.stringify({ name, beside, ...(later && { later }), ...found, ...(over.length && { over: budget }) }));
  failed ||= over.length > 0;
}
/**
 * A program of each package that loads it and searches, and its wasm, as a page would fetch them. Of the others
 * import() is counted too: they need at once what they import so.
 */
async function compare(folder) {
  const peers = JSON.parse(readFileSync(join(folder, 'peers.json'), 'utf8'));
  for (const [name, { entry, wasm }] of Object.entries(peers)) {
    const own = name === 'attune';
    const installed = join(folder, 'node_modules', name, 'package.json');
    if (!own && !existsSync(installed)) {
      console.log(JSON.stringify({ peer: name, skipped: `not installed; \`npm install\` in ${folder} does it` }));
      continue;
    }
    const { atOnce, later } = await bundled([entry], folder);
    const files = [atOnce, ...(own || later.length === 0 ? [] : [later]), ...(wasm ? [readFileSync(join(folder, wasm))] : [])];
    const found = files.map(sizesOf);
    const sum = (kind) => found.reduce((total, sizes) => total + sizes[kind], 0);
    const version = JSON.parse(readFileSync(own ? new URL('../package.json', import.meta.url) : installed, 'utf8')).version;
    const counted = `${entry} and what it imports${wasm ? `, and ${basename(wasm)}` : ', its wasm inside'}`;
    console.log(JSON.stringify({ peer: name, version, counted, raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') }));
  }
}

const [folder] = process.argv.slice(2);
if (folder) await compare(fileURLToPath(new URL(`${folder}/`, `file://${process.cwd()}/`)));

if (failed) {
  console.error('attune: a file is larger than its budget in js/scripts/size.mjs');
  process.exit(1);
}
