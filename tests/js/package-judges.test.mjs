// What publint and Are The Types Wrong say of the package as npm would publish it, and TypeDoc of its reference.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { root } from './fixtures.mjs';

const js = join(root, 'js');
const manifest = JSON.parse(readFileSync(join(js, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'attune-judged-'));
let packed;

function run(cwd, command, ...values) {
  return execFileSync(command, values, { cwd, encoding: 'utf8', stdio: 'pipe', timeout: 120_000 });
}

before(() => {
  const [{ filename }] = JSON.parse(run(js, 'npm', 'pack', '--json', '--pack-destination', folder));
  packed = join(folder, filename);
});
after(() => rmSync(folder, { recursive: true, force: true }));

// Judges of packages are installed with what else only tests need.
const judges = join(root, 'tests/hosts/node_modules/.bin');
const noJudges = existsSync(join(judges, 'publint')) ? false : 'no publint: run "npm ci" in tests/hosts';

test('publint finds nothing, not even something to suggest', { skip: noJudges }, () => {
  assert.match(run(folder, join(judges, 'publint'), 'run', packed, '--strict'), /All good!/);
});

test('the types of every entry resolve as its code does', { skip: noJudges }, () => {
  const options = ['--profile', 'esm-only', '--format', 'json'];
  const { problems, analysis } = JSON.parse(run(folder, join(judges, 'attw'), packed, ...options));
  const found = Object.values(problems ?? {}).flat().filter(({ resolutionKind }) => ['node16-esm', 'bundler'].includes(resolutionKind));
  assert.deepEqual(found, []);
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), Object.keys(manifest.exports).sort());
});

test('a package whose types are not where it says is found', { skip: noJudges }, () => {
  const wrong = join(folder, 'wrong');
  cpSync(join(js, 'dist'), join(wrong, 'dist'), { recursive: true });
  const broken = { ...manifest, exports: { ...manifest.exports, './react': { types: './dist/nowhere.d.ts', default: './dist/react.js' } } };
  writeFileSync(join(wrong, 'package.json'), JSON.stringify(broken));
  assert.throws(() => run(wrong, join(judges, 'publint'), 'run', '.', '--strict'), ({ stdout }) => /nowhere\.d\.ts/.test(stdout));
});

test('the reference has every entry of the package, and TypeDoc misses no words about an export', () => {
  const { entryPoints, treatWarningsAsErrors, validation } = JSON.parse(readFileSync(join(js, 'typedoc.json'), 'utf8'));
  const entries = Object.values(manifest.exports).flatMap(({ types }) => types ?? []).filter((types) => !types.includes('.wasm'));
  const sourceOf = (types) => types.replace('./dist/', 'src/').replace('.d.ts', '.ts');
  assert.deepEqual(entryPoints.toSorted(), entries.map(sourceOf).sort());
  assert.deepEqual([treatWarningsAsErrors, validation.notDocumented], [true, true]);
  run(js, process.execPath, 'node_modules/typedoc/bin/typedoc', '--emit', 'none'); // fails with any warning
});
