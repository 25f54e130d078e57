// tests/setup.sh on make-believe machines: what it installs, when, and what it says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Machine, NPM_CI, pathOf } from './machine.mjs';

let machine;

beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

test('with every package present the set-up is silent and asks apt nothing', () => {
  const result = machine.setup('attune_setup_packages test');
  assert.deepEqual(result, { code: 0, out: '', errors: [] });
  assert.deepEqual(machine.callsOf('apt-get'), []);
});

test('only the missing packages are installed, each with its reason', () => {
  const result = machine.setup('attune_setup_packages', { FAKE_MISSING: 'ninja-build g++' });
  assert.equal(result.code, 0);
  assert.match(result.out, /^ {2}g\+\+: compiles the trainer$/m);
  assert.match(result.out, /^ {2}ninja-build: runs the build$/m);
  assert.doesNotMatch(result.out, /emscripten/);
  assert.deepEqual(machine.callsOf('apt-get'), [
    'apt-get -qq update',
    'apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 install g++ ninja-build',
  ]);
});

test('apt asks no questions', () => {
  machine.standIn('apt-get', `printf '%s\\n' "frontend $DEBIAN_FRONTEND" >>"${machine.root}/calls"`);
  machine.setup('attune_setup_packages', { FAKE_MISSING: 'cmake' });
  assert.deepEqual(machine.callsOf('frontend'), ['frontend noninteractive', 'frontend noninteractive']);
});

test("building needs none of the tests' packages, testing does", () => {
  assert.equal(machine.setup('attune_setup_packages build', { FAKE_MISSING: 'chromium' }).out, '');
  const result = machine.setup('attune_setup_packages test', { FAKE_MISSING: 'chromium' });
  assert.match(result.out, /chromium: runs the page/);
});

test('a user with sudo installs through it', () => {
  machine.standIn('sudo', '"$@"');
  assert.equal(machine.setup('attune_setup_packages', { FAKE_UID: '1000', FAKE_MISSING: 'cmake' }).code, 0);
  assert.equal(machine.callsOf('sudo').length, 2);
});

test('a user without sudo gets one line with what to install, and apt is not called', () => {
  const result = machine.setup('attune_setup_packages', { FAKE_UID: '1000', FAKE_MISSING: 'cmake' });
  assert.equal(result.code, 1);
  assert.equal(result.errors.length, 1);
  assert.match(result.errors[0], /neither root nor sudo .*: apt-get install .* cmake$/);
  assert.deepEqual(machine.callsOf('apt-get'), []);
});

test('a user without sudo needs none when everything is there', () => {
  assert.equal(machine.setup('attune_setup_packages', { FAKE_UID: '1000' }).code, 0);
});

test('the set-up waits while another program holds the package lists', () => {
  machine.standIn('apt-get', `[ "$2" = update ] || exit 0
    [ -e "${machine.root}/second" ] && exit 0
    touch "${machine.root}/second"; echo 'E: Could not get lock /var/lib/apt/lists/lock'; exit 100`);
  assert.equal(machine.setup('attune_setup_packages', { FAKE_MISSING: 'cmake' }).code, 0);
  assert.equal(machine.callsOf('apt-get').length, 3);
});

test('an installation that fails says so in one line and where to read more', () => {
  machine.standIn('apt-get', '[ "$2" = update ] || { echo "E: no space left"; exit 100; }');
  const result = machine.setup('attune_setup_packages', { FAKE_MISSING: 'cmake' });
  assert.equal(result.code, 1);
  assert.equal(result.errors.length, 1);
  assert.match(result.errors[0], /apt-install failed; .*build\/logs\/apt-install\.log$/);
  assert.match(readFileSync(join(machine.root, 'build/logs/apt-install.log'), 'utf8'), /no space left/);
});

test('without a network the failing update is not tried over and over', () => {
  machine.standIn('apt-get', 'echo "E: Failed to fetch"; exit 100');
  assert.equal(machine.setup('attune_setup_packages', { FAKE_MISSING: 'cmake' }).code, 1);
  assert.equal(machine.callsOf('apt-get').length, 1);
});

test('another system than Debian is refused with one line', () => {
  rmSync(join(machine.bin, 'dpkg-query'));
  const result = machine.setup('attune_setup_packages');
  assert.equal(result.code, 1);
  assert.deepEqual(result.errors, ['attune: no dpkg-query here: the set-up is made for Debian 12']);
});

// ---- Node

const OLD_NODE = 'echo v18.20.4';
const NEW_NODE = 'echo v20.19.0';

/** An npm that installs a Node of the given version text into the prefix it is given. */
function npmThatInstalls(version) {
  machine.standIn('npm', `[ "$1" = install ] || exit 0
    folder=$3/node_modules/.bin
    mkdir -p "$folder"
    printf '#!%s\\necho ${version}\\n' "${pathOf('bash')}" >"$folder/node"
    chmod +x "$folder/node"`);
  machine.link('chmod');
}

test('a Node that is new enough is used as it is', () => {
  machine.standIn('node', NEW_NODE);
  machine.standIn('npm', '');
  assert.deepEqual(machine.setup('attune_setup_node'), { code: 0, out: '', errors: [] });
  assert.deepEqual(machine.callsOf('npm'), []);
});

test('an old Node is left alone and a newer one put first in PATH, once', () => {
  machine.standIn('node', OLD_NODE);
  npmThatInstalls('v20.19.0');
  const first = machine.setup('attune_setup_node && node --version');
  assert.equal(first.code, 0);
  assert.match(first.out, /v20\.19\.0\n$/);
  const [install, ...others] = machine.callsOf('npm');
  assert.match(install, /^npm install --prefix .*\/build\/tools .*node-linux-(x64|arm64)@20/);
  assert.deepEqual(others, []);
  assert.equal(machine.setup('attune_setup_node && node --version').out, 'v20.19.0\n');
  assert.deepEqual(machine.callsOf('npm'), []);
});

test('without Node, the one of Debian is installed to fetch the newer one', () => {
  npmThatInstalls('v20.19.0');
  const npm = readFileSync(join(machine.bin, 'npm'), 'utf8');
  rmSync(join(machine.bin, 'npm'));
  writeFileSync(join(machine.root, 'npm'), npm);
  machine.link('cp');
  machine.standIn('apt-get', `case "$*" in *nodejs*) cp "${machine.root}/npm" "${machine.bin}/npm"; chmod +x "${machine.bin}/npm" ;; esac`);
  assert.equal(machine.setup('attune_setup_node').code, 0);
  assert.match(machine.callsOf('apt-get').at(-1), / install nodejs npm$/);
});

test('a Node that does not run after all is reported', () => {
  machine.standIn('node', OLD_NODE);
  npmThatInstalls('v18.0.0');
  const result = machine.setup('attune_setup_node');
  assert.equal(result.code, 1);
  assert.match(result.errors[0], /was installed into build\/tools but does not run/);
});

// ---- npm packages

test('npm packages are installed once, and again when the lock file changes', () => {
  machine.standIn('npm', NPM_CI);
  assert.match(machine.setup('attune_setup_npm').out, /Installing npm packages/);
  assert.equal(machine.callsOf('npm').length, 1);
  assert.deepEqual(machine.setup('attune_setup_npm'), { code: 0, out: '', errors: [] });
  assert.deepEqual(machine.callsOf('npm'), []);
  execFileSync('touch', ['-d', '2001-01-01', join(machine.root, 'js/node_modules/.package-lock.json')]);
  writeFileSync(join(machine.root, 'js/package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
  machine.setup('attune_setup_npm');
  assert.equal(machine.callsOf('npm').length, 1);
});

test('what only the tests run is installed for tests only', () => {
  machine.standIn('npm', `${NPM_CI}; pwd >>"${machine.root}/folders"`);
  const folders = () => readFileSync(join(machine.root, 'folders'), 'utf8').trim().split('\n').map((one) => one.slice(machine.root.length + 1));
  assert.equal(machine.setup('attune_setup_npm build').code, 0);
  assert.deepEqual(folders(), ['js']);
  assert.match(machine.setup('attune_setup_npm test').out, /^Installing npm packages into tests\/hosts\/node_modules: Deno/);
  assert.deepEqual(folders(), ['js', 'tests/hosts']);
  assert.deepEqual(machine.setup('attune_setup_npm test'), { code: 0, out: '', errors: [] });
});

test('a failed npm installation is one line, and is tried again', () => {
  machine.standIn('npm', 'echo "npm error network"; exit 1');
  const result = machine.setup('attune_setup_npm');
  assert.equal(result.code, 1);
  assert.deepEqual(result.errors.length, 1);
  machine.standIn('npm', NPM_CI);
  assert.equal(machine.setup('attune_setup_npm').code, 0);
});

test('a missing lock file is said', () => {
  rmSync(join(machine.root, 'js/package-lock.json'));
  assert.deepEqual(machine.setup('attune_setup_npm').errors, ['attune: js/package-lock.json is missing']);
});
