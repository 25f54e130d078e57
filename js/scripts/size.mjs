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
  { name: 'tracker.js', brotli: 6_000 },
  { name: 'inline.js' },
];

/** The bytes a user of this file downloads. */
async function bytesOf(name) {
  const path = fileURLToPath(new URL(name, dist));
  if (name.endsWith('.wasm')) return readFileSync(path);
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    external: ['node:*', '*.wasm'],
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

let failed = false;
for (const { name, ...budget } of kBudgets) {
  const bytes = await bytesOf(name);
  const sizes = {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
  const over = Object.keys(budget).filter((kind) => sizes[kind] > budget[kind]);
  console.log(JSON.stringify({ name, ...sizes, ...(over.length && { over: budget }) }));
  failed ||= over.length > 0;
}
if (failed) {
  console.error('attune: a file is larger than its budget in js/scripts/size.mjs');
  process.exit(1);
}
