// The files of the package: which there are, and how the modules of js/src are joined into them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

import { root } from './fixtures.mjs';

const js = join(root, 'js');
const dist = join(js, 'dist');
const textOf = (name) => readFileSync(join(dist, name), 'utf8');
const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--dry-run'], { cwd: js, encoding: 'utf8', stdio: 'pipe' }));

const kEntries = ['aws', 'edge', 'element', 'inline', 'react', 'tracker', 'worker'];
const kShared = ['edge-handler', 'live-list', 'published', 'wire', 'worker-methods'];
const kOfAll = ['delta', 'ed25519', 'rehearsal', 'sha2', 'wasm-base64'];
const kOfNode = ['node', ...[...kEntries, ...kShared].map((name) => `${name}-node`)];
const kOfOthers = ['base', 'core', 'edge-workerd', 'index', 'worker-host', 'worker-script', 'workerd', ...kEntries, ...kShared];

test('the package holds what it needs and nothing else', () => {
  // The types are a file a module, as they refer to each other.
  const modules = readdirSync(join(js, 'src')).filter((name) => /(?<!\.d(\.wasm)?)\.ts$/.test(name)).map((name) => name.slice(0, -3));
  assert.ok(modules.length > 70, `${modules.length} modules`);
  const expected = [
    ...['README.md', 'package.json', 'dist/LICENSE', 'dist/attune.wasm', 'dist/attune.d.wasm.ts'],
    ...[...kOfAll, ...kOfNode, ...kOfOthers].map((name) => `dist/${name}.js`),
    ...[...kOfAll, ...kOfNode, ...kOfOthers].filter((name) => name !== 'wasm-base64').map((name) => `dist/${name}.js.map`),
    ...modules.map((name) => `dist/${name}.d.ts`),
  ];
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), expected.sort());
  for (const { path, mode } of packed.files) assert.equal(mode & 0o111, 0, `${path} is executable`);
});

/** A file of dist/ and all that it imports at once. */
function filesAtOnce(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, imported] of textOf(name).matchAll(/(?:\bfrom|\bimport)\s*"\.\/([\w-]+\.js)"/g)) filesAtOnce(imported, found);
  return found;
}

test('what a load needs at once is in three files, and what Workers do before in a fourth', () => {
  assert.deepEqual([...filesAtOnce('index.js')].sort(), ['base.js', 'core.js', 'index.js']);
  assert.deepEqual([...filesAtOnce('workerd.js')].sort(), ['base.js', 'core.js', 'rehearsal.js', 'workerd.js']);
});

test('a fresh process has all that load() needs with the one file it imports', () => {
  assert.deepEqual([...filesAtOnce('node.js')], ['node.js']);
  assert.doesNotMatch(textOf('node.js'), /import\("\.\/(?!published-node\.js)/);
});

test('a file is for Node or for the other hosts, and imports no file of the others', () => {
  for (const [own, names] of [[kOfNode, kOfNode], [kOfOthers, kOfOthers], [[], kOfAll]]) {
    for (const name of names) {
      const imported = [...textOf(`${name}.js`).matchAll(/(?:\bfrom|\bimport)[ (]*"\.\/([\w-]+)\.js"/g)].map(([, file]) => file);
      for (const file of imported) assert.ok([...own, ...kOfAll].includes(file), `${name}.js imports ${file}.js`);
    }
  }
});

test('Node, Deno and Bun have the files of Node from every entry, and the others none of them', () => {
  const { exports } = JSON.parse(readFileSync(join(js, 'package.json'), 'utf8'));
  const entries = Object.values(exports).filter((conditions) => /\.js$/.test(conditions.default));
  assert.equal(entries.length, 8);
  for (const conditions of entries) {
    for (const [condition, path] of Object.entries(conditions)) {
      if (condition === 'types') continue;
      const isNode = ['deno', 'bun', 'node'].includes(condition);
      assert.equal(kOfNode.includes(basename(path, '.js')), isNode, `${condition}: ${path}`);
    }
    assert.deepEqual([conditions.deno, conditions.bun], [conditions.node, conditions.node]);
  }
});

test('what needs no load() comes without it', () => {
  for (const entry of ['tracker.js', 'worker.js']) assert.ok(!filesAtOnce(entry).has('core.js'), entry);
});

/** Made while bundling: what node.js gives to the other files of Node. */
const kMade = ['../../build/js/internals.js', '../../build/js/from-node.js'];

/** The modules of js/src that a file of dist/ is made of, as its map says. */
function modulesOf(name) {
  const { sources, sourcesContent } = JSON.parse(textOf(`${name}.js.map`));
  const own = sources.filter((source) => !kMade.includes(source));
  for (const source of own) {
    const [, file] = /^\.\.\/src\/([\w-]+\.ts)$/.exec(source) ?? assert.fail(`${source} in the map of ${name}.js`);
    const text = readFileSync(join(js, 'src', file), 'utf8');
    assert.equal(sourcesContent[sources.indexOf(source)], text, `${file} in the map of ${name}.js`);
  }
  return own.map((source) => basename(source));
}

test('no module is in two files of a host, so that an error of one entry is an error of all', () => {
  const passing = ['api.ts', 'edge-api.ts']; // they only name what others export
  for (const files of [kOfNode, kOfOthers]) {
    const names = [...files, 'delta', 'ed25519', 'sha2'];
    const modules = names.flatMap(modulesOf).filter((module) => !passing.includes(module));
    assert.ok(modules.length > 55, `${modules.length} modules`);
    assert.deepEqual(modules.toSorted(), [...new Set(modules)].sort());
  }
});
