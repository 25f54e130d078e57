// Joins the compiled modules into the few files of dist/. A host opens, resolves and parses each file for
// itself: with a file a module that took a fresh process longer than all else before its first list.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

/**
 * Files of what several others share: these modules, and what they import that is in no file before. What is
 * of use without load() is apart from it, because some bundlers keep all of a file whose import() may run.
 */
const kShared = {
  base: ['errors', 'check', 'compile', 'disposable', 'store', 'uuid', 'within-time'],
  core: ['load'],
  wire: ['wire', 'wire-lists', 'saved-history'],
  'edge-handler': ['edge-handler', 'edge-stores'],
  'live-list': ['live-list'],
  'worker-methods': ['worker-methods'],
};
/** Files beside those and the entries of package.json: what import() asks for, and what a worker runs. */
const kParts = ['published', 'delta', 'ed25519', 'sha2', 'worker-script', 'worker-host'];
/** Files that are there already. */
const kMade = ['wasm-base64'];
/** Modules that only pass on what others export, in every file that does. */
const kPassing = ['api', 'edge-api'];

const nameOf = (path) => basename(path, '.js');

function entriesOf({ exports }) {
  const pathsOf = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(pathsOf));
  return [...new Set(pathsOf(exports).filter((path) => path.endsWith('.js')).map(nameOf))];
}

/** Bundles what `options` say, without what `fileOf` has in other files. Returns the modules that are in it. */
async function bundled(options, fileOf) {
  const leave = ({ path, kind }) => {
    const file = kind === 'entry-point' ? undefined : fileOf.get(nameOf(path));
    return file && { path: `./${file}.js`, external: true, sideEffects: false };
  };
  const { metafile } = await build({
    bundle: true,
    format: 'esm',
    target: 'es2022',
    // A quarter fewer bytes to read for pages without a bundler and for fresh processes; the maps lead to the
    // sources. Not the spaces: without them go the marks by which bundlers leave out what nobody uses.
    minifyIdentifiers: true,
    minifySyntax: true,
    sourcemap: true,
    external: ['node:*', '*.wasm', 'react'],
    logLevel: 'warning',
    metafile: true,
    plugins: [{ name: 'files', setup: ({ onResolve }) => onResolve({ filter: /^\.\// }, leave) }],
    ...options,
  });
  const [[, { inputs }]] = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.js'));
  const held = Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0).map(nameOf);
  return held.filter((module) => !kPassing.includes(module));
}

/**
 * Writes into the folder `dist` a file for each entry of the package.json at the URL `manifest`, made of the
 * compiled modules in the folder `compiled`, and the files that these share.
 */
export async function bundle(compiled, dist, manifest) {
  const absWorkingDir = fileURLToPath(compiled);
  const entries = [...entriesOf(JSON.parse(readFileSync(manifest, 'utf8'))), ...kParts];
  const fileOf = new Map([...entries, ...kMade].map((name) => [name, name]));
  const to = (name) => ({ absWorkingDir, outfile: fileURLToPath(new URL(`${name}.js`, dist)) });
  const exporting = (modules) => ({
    stdin: { contents: modules.map((name) => `export * from './${name}.js';`).join('\n'), resolveDir: absWorkingDir },
  });
  for (const [name, of] of Object.entries(kShared)) {
    const modules = (await bundled({ ...to(name), ...exporting(of), write: false }, fileOf)).sort();
    await bundled({ ...to(name), ...exporting(modules) }, fileOf);
    for (const module of modules) fileOf.set(module, name);
  }
  for (const name of entries) {
    for (const module of await bundled({ ...to(name), entryPoints: [`./${name}.js`] }, fileOf)) {
      const other = fileOf.get(module) ?? name;
      // Twice in memory, and an error of the one would be no instance of the other's class.
      if (other !== name) throw new Error(`${module}.js is in ${other}.js and in ${name}.js: kShared lacks it`);
      fileOf.set(module, name);
    }
  }
}
