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
  { name: 'index.js', brotli: 8_750 },
  { name: 'node.js', brotli: 8_850 },
  { name: 'workerd.js', brotli: 8_750 },
  { name: 'inline.js' },
  { name: 'index.js', later: true, brotli: 6_900 },
];

/**
 * The bytes a user of this file downloads: of an entry, minified with all it imports at once; `later`
 * are those of the parts it imports when they are needed.
 */
async function bytesOf(name, later) {
  const path = fileURLToPath(new URL(name, dist));
  if (name.endsWith('.wasm')) return readFileSync(path);
  const { outputFiles, metafile } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    splitting: true,
    metafile: true,
    outdir: 'size',
    external: ['node:*', '*.wasm'],
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
  visit([...outputs.keys()].find((output) => outputs.get(output).entryPoint?.endsWith(name)));
  const wanted = outputFiles.filter(
    ({ path }) => atOnce.has([...outputs.keys()].find((output) => path.endsWith(output))) !== later,
  );
  return Buffer.concat(wanted.map(({ contents }) => contents));
}

let failed = false;
for (const { name, later = false, ...budget } of kBudgets) {
  const bytes = await bytesOf(name, later);
  const sizes = {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
  const over = Object.keys(budget).filter((kind) => sizes[kind] > budget[kind]);
  console.log(JSON.stringify({ name, ...(later && { later }), ...sizes, ...(over.length && { over: budget }) }));
  failed ||= over.length > 0;
}
if (failed) {
  console.error('attune: a file is larger than its budget in js/scripts/size.mjs');
  process.exit(1);
}
