// Joins the compiled modules into the few files of dist/. A host opens, resolves and parses each file for
// itself: with a file a module that took a fresh process longer than all else before its first list.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

/**
 * Files of what several others share: these modules, and what they import that is in no file before. What is
 * of use without load() is apart from it, because some bundlers keep all of a file whose import() may run.
 */
const kLoading = {
  base: ['errors', 'check', 'compile', 'disposable', 'store', 'uuid', 'within-time'],
  core: ['load'],
};
const kShared = {
  wire: ['wire', 'wire-lists', 'saved-history'],
  'edge-handler': ['edge-handler', 'edge-stores'],
  'live-list': ['live-list'],
  'worker-methods': ['worker-methods'],
};
/** Files beside those and the entries of package.json: what import() asks for, and what a worker runs. */
const kParts = ['published', 'worker-script', 'worker-host'];
/** Such that import nothing themselves, and are the same for every host. */
const kAlone = ['delta', 'ed25519', 'rehearsal', 'sha2'];
/** Files that are there already. */
const kMade = ['wasm-base64'];
/** Modules that only pass on what others export, in every file that does. */
const kPassing = ['api', 'edge-api'];

/**
 * The end of the names of the files that Node, Deno and Bun have instead. There node.js holds all of kLoading,
 * because every step to another file takes a fresh process a millisecond, and gives it to the others by its export
 * `internals`: in the place of those modules they have this one, which is made here.
 */
const kNode = '-node';
const kFromNode = 'from-node';

const nameOf = (path) => basename(path, '.js');
const isOfNode = (name) => name === 'node' || name.endsWith(kNode);
const exporting = (modules) => modules.map((name) => `export * from './${name}.js';`).join('\n');
const named = (names) => names.map((name) => [name, name]);

function entriesOf({ exports }) {
  const pathsOf = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(pathsOf));
  return [...new Set(pathsOf(exports).filter((path) => path.endsWith('.js')).map(nameOf))];
}

/** Bundles what `options` say, without what `fileOf` has in other files. Returns the modules that are in it. */
async function bundled(options, fileOf) {
  const leave = ({ path, kind, resolveDir }) => {
    const file = kind === 'entry-point' ? undefined : fileOf.get(nameOf(path));
    if (file === kFromNode) return { path: join(resolveDir, `${kFromNode}.js`), sideEffects: false };
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
  return held.filter((module) => ![...kPassing, kFromNode].includes(module));
}

/** What the files in the folder `dist` import from the files of kLoading, those themselves left out. */
function usedOfLoading(dist) {
  const files = readdirSync(dist).filter((name) => name.endsWith('.js') && !(nameOf(name) in kLoading));
  const lists = files.flatMap((name) => {
    const text = readFileSync(new URL(name, dist), 'utf8');
    return [...text.matchAll(/import \{([^}]*)\} from "\.\/([\w-]+)\.js"/g)].filter(([, , from]) => from in kLoading);
  });
  const names = lists.flatMap(([, list]) => list.trim().split(/,\s*/).map((name) => name.split(' as ')[0]));
  return [...new Set(names)].sort();
}

/** What writes files of the compiled modules in the folder `compiled` into the folder `dist`, the others being in `fileOf`. */
function writer(compiled, dist, fileOf) {
  const absWorkingDir = fileURLToPath(compiled);
  const to = (name) => ({ absWorkingDir, outfile: fileURLToPath(new URL(`${name}.js`, dist)) });

  /** A file of what the text `contents` exports. */
  const write = (name, contents, options) =>
    bundled({ ...to(name), stdin: { contents, resolveDir: absWorkingDir }, ...options }, fileOf);

  /** Files of what others share. */
  async function share(shared, end = '') {
    for (const [name, of] of Object.entries(shared)) {
      const modules = (await write(name + end, exporting(of), { write: false })).sort();
      await write(name + end, exporting(modules));
      for (const module of modules) fileOf.set(module, name + end);
    }
  }

  /** The files of these modules: those that `fileOf` says. */
  async function enter(entries) {
    for (const entry of entries) {
      const name = fileOf.get(entry);
      for (const module of await bundled({ ...to(name), entryPoints: [`./${entry}.js`] }, fileOf)) {
        const other = fileOf.get(module) ?? name;
        // Twice in memory, and an error of the one would be no instance of the other's class.
        if (other !== name) throw new Error(`${module}.js is in ${other}.js and in ${name}.js: kShared lacks it`);
        fileOf.set(module, name);
      }
    }
  }
  return { write, share, enter };
}

/** Makes the modules by which node.js gives the names `used` of these modules, and by which the other files have them. */
function makeInternals(compiled, modules, used) {
  const given = used.map((name) => `${name}: all.${name}`).join(', ');
  const had = used.map((name) => `export const ${name} = /* @__PURE__ */ Reflect.get(internals, '${name}');`);
  const made = {
    all: exporting(modules),
    internals: `import * as all from './all.js';\nexport const internals = { ${given} };`,
    [kFromNode]: ["import { internals } from './node.js';", ...had].join('\n'),
  };
  for (const [name, text] of Object.entries(made)) writeFileSync(new URL(`${name}.js`, compiled), text);
}

/**
 * Writes into the folder `dist` a file for each entry of the package.json at the URL `manifest`, made of the
 * compiled modules in the folder `compiled`, and the files that these share.
 */
export async function bundle(compiled, dist, manifest) {
  const entries = entriesOf(JSON.parse(readFileSync(manifest, 'utf8')));
  const others = [...entries.filter((name) => !isOfNode(name)), ...kParts, ...kAlone];
  const fileOf = new Map(named([...others, ...kMade]));
  const files = writer(compiled, dist, fileOf);
  await files.share({ ...kLoading, ...kShared });
  await files.enter(others);

  const moduleOf = (name) => (existsSync(new URL(`${name}.js`, compiled)) ? name : name.slice(0, -kNode.length));
  const own = entries.filter((name) => name !== 'node' && isOfNode(name)).map((name) => [moduleOf(name), name]);
  own.push(['published', `published${kNode}`]);
  const fileOfNode = new Map([...named([...kAlone, ...kMade]), ...own]);
  const filesOfNode = writer(compiled, dist, fileOfNode);
  const loading = [...fileOf.keys()].filter((module) => fileOf.get(module) in kLoading);
  makeInternals(compiled, loading, usedOfLoading(dist));
  await filesOfNode.write('node', exporting(['node', 'internals']));
  for (const module of loading) fileOfNode.set(module, kFromNode);
  for (const module of ['node', 'index']) fileOfNode.set(module, 'node');
  await filesOfNode.share(kShared, kNode);
  await filesOfNode.enter(own.map(([module]) => module));
}
