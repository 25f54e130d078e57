// Prints the bytes of every entry, minified with all it imports, and of attune.wasm, and fails past
// the budgets. Run it as `npm run size` after a build.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const dist = new URL('../dist/', import.meta.url);

/** What is measured, and how many bytes each may have. */
const kBudgets = [
  // 120,000 and 50,000 until lists of a million items got a first pass over codes; 124,000 and 53,000
  // until rankings were filtered.
  { name: 'attune.wasm', raw: 124_600, gzip: 53_700 },
  // 8,750, 8,900 and 8,750 until bundles went straight into the module's memory, metadata later too, and rankings had filters.
  { name: 'index.js', brotli: 9_100 },
  { name: 'node.js', brotli: 9_450 },
  { name: 'workerd.js', brotli: 9_100 },
  { name: 'tracker.js', brotli: 6_000 },
  { name: 'tracker.js', beside: 'index.js', brotli: 5_050 },
  { name: 'edge-workerd.js', beside: 'workerd.js', brotli: 9_400 },
  { name: 'aws.js', beside: 'index.js', brotli: 4_200 },
  { name: 'worker.js', brotli: 2_300 },
  { name: 'worker-host.js', beside: 'index.js', brotli: 850 },
  { name: 'element.js', beside: 'index.js', brotli: 3_000 },
  { name: 'react.js', beside: 'index.js', brotli: 1_300 },
  { name: 'inline.js' },
  // 6,950 until then.
  { name: 'index.js', later: true, brotli: 7_750 },
];

/**
 * The bytes a user of these files downloads: of entries, minified with all they import at once; `later`
 * are those of the parts they import when they are needed.
 */
async function bytesOf(names, later) {
  const [path] = names.map((name) => fileURLToPath(new URL(name, dist)));
  if (path.endsWith('.wasm')) return readFileSync(path);
  const contents = names.map((name) => `export * from './${name}';`).join('\n');
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(dist), sourcefile: 'entry.js' },
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
  const wanted = outputFiles.filter(
    ({ path }) => atOnce.has([...outputs.keys()].find((output) => path.endsWith(output))) !== later,
  );
  return Buffer.concat(wanted.map(({ contents }) => contents));
}

function sizesOf(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

/** What a file costs alone, or more than the one it is used beside: they share modules. */
async function sizes(name, beside, later) {
  if (!beside) return sizesOf(await bytesOf([name], later));
  const both = sizesOf(await bytesOf([beside, name], later));
  const first = sizesOf(await bytesOf([beside], later));
  return Object.fromEntries(Object.keys(both).map((kind) => [kind, both[kind] - first[kind]]));
}

let failed = false;
for (const { name, beside, later = false, ...budget } of kBudgets) {
  const found = await sizes(name, beside, later);
  const over = Object.keys(budget).filter((kind) => found[kind] > budget[kind]);
  console.log(JSON.stringify({ name, beside, ...(later && { later }), ...found, ...(over.length && { over: budget }) }));
  failed ||= over.length > 0;
}
if (failed) {
  console.error('attune: a file is larger than its budget in js/scripts/size.mjs');
  process.exit(1);
}
