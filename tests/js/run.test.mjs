// tests/run.sh on make-believe machines where everything is installed: its stages and its verdict.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Machine, NPM_CI } from './machine.mjs';

let machine;

beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

/** A machine on which everything is installed and every build and test passes. */
function readyMachine() {
  for (const tool of ['cmake', 'ctest']) machine.standIn(tool, '');
  machine.standIn('node', '[ "$1" != --version ] || echo v20.19.0');
  machine.standIn('npm', NPM_CI + '; true');
  for (const folder of ['js', 'e2e', 'datasets']) {
    mkdirSync(join(machine.root, 'tests', folder));
    writeFileSync(join(machine.root, 'tests', folder, 'some.test.mjs'), '');
  }
  writeFileSync(join(machine.root, 'tests/postgres.sh'), '[ "$1" = run ] && shift && SERVER=there "$@"');
  mkdirSync(join(machine.root, 'examples/movies'), { recursive: true });
  writeFileSync(join(machine.root, 'examples/movies/run.sh'), 'echo the demo ran');
}

const run = (options = '') => machine.bash(`bash "${machine.root}/tests/run.sh" ${options}`);

test('the test run builds, runs every stage, from any folder, and counts them', () => {
  readyMachine();
  const result = run();
  assert.equal(result.code, 0, result.out);
  assert.match(result.out, /the demo ran/);
  assert.match(result.out, /^Stages: \d+ passed, 0 failed$/m);
  const noted = machine.calls();
  for (const preset of ['native', 'native-asan']) {
    assert.ok(noted.some((call) => call.startsWith(`ctest --preset ${preset} `)), preset);
  }
  for (const folder of ['js', 'e2e', 'datasets']) {
    assert.ok(noted.some((call) => call.endsWith(`tests/${folder}/some.test.mjs`)), folder);
  }
});

test('the native tests and those in Node run beside a PostgreSQL server', () => {
  readyMachine();
  for (const tool of ['ctest', 'node']) {
    machine.standIn(tool, `[ "$1" != --version ] || echo v20.19.0
      printf '%s\\n' "${tool} $1 beside a server: \${SERVER:-none}" >>"${machine.root}/calls"`);
  }
  assert.equal(run().code, 0);
  assert.deepEqual(machine.calls().filter((call) => /^(ctest|node) --(preset|test) beside/.test(call)),
    ['ctest', 'node', 'node', 'node', 'ctest'].map((tool) => `${tool} --${tool === 'node' ? 'test' : 'preset'} beside a server: there`));
});

test('where no PostgreSQL server starts, the stages that need one fail', () => {
  readyMachine();
  writeFileSync(join(machine.root, 'tests/postgres.sh'), 'echo "attune: no server" >&2; exit 3');
  const result = run();
  assert.equal(result.code, 1);
  assert.match(result.out, /^test: native +\d+ s {2}FAILED$/m);
  assert.deepEqual(machine.callsOf('ctest'), []);
});

test('a failing stage fails the run but the other stages still run', () => {
  readyMachine();
  machine.standIn('ctest', '[ "$2" != native ]');
  const result = run();
  assert.equal(result.code, 1);
  assert.match(result.out, /^test: native +\d+ s {2}FAILED$/m);
  assert.match(result.out, /^Stages: \d+ passed, 1 failed$/m);
  assert.match(result.out, /the demo ran/);
});

test('after a failed build nothing is tested', () => {
  readyMachine();
  machine.standIn('cmake', '[ "$1" != --build ]');
  const result = run();
  assert.equal(result.code, 1);
  assert.match(result.out, /1 failed$/m);
  assert.deepEqual(machine.callsOf('ctest'), []);
});

test('a folder whose tests have gone is a failure', () => {
  readyMachine();
  rmSync(join(machine.root, 'tests/e2e/some.test.mjs'));
  const result = run();
  assert.equal(result.code, 1);
  assert.deepEqual(result.errors, ['attune: no *.test.mjs below tests/e2e']);
});

test('--build-only builds all three parts and runs no test', () => {
  readyMachine();
  assert.equal(run('--build-only').code, 0);
  const noted = machine.calls();
  assert.ok(noted.some((call) => /^cmake --build --preset native .*--target attune$/.test(call)));
  assert.ok(noted.some((call) => /^cmake --build --preset wasm /.test(call)));
  assert.ok(noted.includes('npm run build'));
  assert.ok(!noted.some((call) => /^(ctest|node --test)/.test(call)));
});

test('--fast leaves out the sanitizers, the demo and the browser', () => {
  readyMachine();
  const result = run('--fast');
  assert.equal(result.code, 0);
  assert.doesNotMatch(result.out, /sanitizers|the demo ran|browser/);
});

test('an unknown option is refused with exit code 2', () => {
  const result = run('--fats');
  assert.equal(result.code, 2);
  assert.match(result.errors[0], /unknown option --fats/);
});
