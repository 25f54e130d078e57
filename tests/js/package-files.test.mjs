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

const kEntries = ['aws', 'edge', 'edge-node', 'edge-workerd', 'element', 'index', 'inline', 'node', 'react', 'tracker', 'worker', 'workerd'];
const kShared = ['base', 'core', 'edge-handler', 'live-list', 'wire', 'worker-methods'];
const kLater = ['delta', 'ed25519', 'published', 'sha2', 'worker-host', 'worker-script'];

test('the package holds what it needs and nothing else', () => {
  // The types are a file a module, as they refer to each other.
  const modules = readdirSync(join(js, 'src')).filter((name) => /(?<!\.d(\.wasm)?)\.ts$/.test(name)).map((name) => name.slice(0, -3));
  assert.ok(modules.length > 70, `${modules.length} modules`);
  const expected = [
    ...['README.md', 'package.json', 'dist/LICENSE', 'dist/attune.wasm', 'dist/attune.d.wasm.ts', 'dist/wasm-base64.js'],
    ...[...kEntries, ...kShared, ...kLater].flatMap((name) => [`dist/${name}.js`, `dist/${name}.js.map`]),
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

test('what a load needs at once is in three files, whatever the host', () => {
  for (const entry of ['index.js', 'workerd.js']) {
    assert.deepEqual([...filesAtOnce(entry)].sort(), ['base.js', 'core.js', entry].sort());
  }
});

test('a fresh process has all that load() needs with the three files it imports', () => {
  assert.deepEqual([...filesAtOnce('node.js')].sort(), ['base.js', 'core.js', 'node.js']);
  assert.doesNotMatch(textOf('node.js'), /import\("\.\//);
});

test('what needs no load() comes without it', () => {
  for (const entry of ['tracker.js', 'worker.js']) assert.ok(!filesAtOnce(entry).has('core.js'), entry);
});

/** The modules of js/src that a file of dist/ is made of, as its map says. */
function modulesOf(name) {
  const { sources, sourcesContent } = JSON.parse(textOf(`${name}.map`));
  for (const [i, source] of sources.entries()) {
    const [, file] = /^\.\.\/src\/([\w-]+\.ts)$/.exec(source) ?? assert.fail(`${source} in the map of ${name}`);
    assert.equal(sourcesContent[i], readFileSync(join(js, 'src', file), 'utf8'), `${file} in the map of ${name}`);
  }
  return sources.map((source) => basename(source));
}

test('no module is in two files, so that an error of one entry is an error of all', () => {
  const passing = ['api.ts', 'edge-api.ts']; // they only name what others export
  const files = readdirSync(dist).filter((name) => name.endsWith('.js') && name !== 'wasm-base64.js');
  const modules = files.flatMap(modulesOf).filter((module) => !passing.includes(module));
  assert.ok(modules.length > 60, `${modules.length} modules`);
  assert.deepEqual(modules.toSorted(), [...new Set(modules)].sort());
});
