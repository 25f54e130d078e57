// Prints the bytes of every entry, minified with all it imports, and of attune.wasm, and fails past
// the budgets. Run it as `npm run size` after a build.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const dist = new URL('../dist/', import.meta.url);

/** What is measured, and how many bytes each may have. */
const kBudgets = [
  { name: 'attune.wasm', raw: 120_000, gzip: 50_000 },
  { name: 'index.js', brotli: 8_000 },
  { name: 'node.js', brotli: 8_120 },
  { name: 'workerd.js', brotli: 8_000 },
  { name: 'tracker.js', brotli: 5_950 },
  { name: 'tracker.js', beside: 'index.js', brotli: 5_000 },
  { name: 'inline.js' },
];

/** The bytes a user of these files downloads. */
async function bytesOf(...names) {
  const [path] = names.map((name) => fileURLToPath(new URL(name, dist)));
  if (path.endsWith('.wasm')) return readFileSync(path);
  const contents = names.map((name) => `export * from './${name}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(dist) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    external: ['node:*', '*.wasm'],
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

function sizesOf(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

/** What a file costs alone, or more than the one it is used beside: they share modules. */
async function sizes(name, beside) {
  if (!beside) return sizesOf(await bytesOf(name));
  const both = sizesOf(await bytesOf(beside, name));
  const first = sizesOf(await bytesOf(beside));
  return Object.fromEntries(Object.keys(both).map((kind) => [kind, both[kind] - first[kind]]));
}

let failed = false;
for (const { name, beside, ...budget } of kBudgets) {
  const found = await sizes(name, beside);
  const over = Object.keys(budget).filter((kind) => found[kind] > budget[kind]);
  console.log(JSON.stringify({ name, beside, ...found, ...(over.length && { over: budget }) }));
  failed ||= over.length > 0;
}
if (failed) {
  console.error('attune: a file is larger than its budget in js/scripts/size.mjs');
  process.exit(1);
}
