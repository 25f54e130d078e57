// The laws of the house, checked on the sources themselves, and each check checked on a bad example.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as laws from './laws.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** All text files that are, or are about to be, in the project's history. */
function projectFiles() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root, encoding: 'utf8', maxBuffer: 1 << 26,
  });
  const files = new Map();
  for (const path of new Set(listed.split('\0').filter(Boolean))) {
    if (!statSync(join(root, path), { throwIfNoEntry: false })?.isFile()) continue;
    const text = readFileSync(join(root, path), 'latin1');
    if (!text.includes('\0')) files.set(path, text);
  }
  return files;
}

const project = projectFiles();

/** The law holds in the project, finds each bad example, and leaves the good ones alone. */
function law(sentence, check, bad, good = {}) {
  test(sentence, () => assert.deepEqual(check(project), []));
  for (const [path, text] of Object.entries(bad)) {
    test(`the check of "${sentence}" finds ${path}: ${text.trim().slice(0, 50)}`, () =>
      assert.notDeepEqual(check(new Map([[path.replace(/ .*/, ''), text]])), []));
  }
  test(`the check of "${sentence}" has no false alarm`, () =>
    assert.deepEqual(check(new Map(Object.entries(good))), []));
}

test('the laws are checked on the whole project', () => {
  for (const path of ['README.md', 'CMakeLists.txt', 'tests/js/laws.test.mjs']) {
    assert.ok(project.has(path), `${path} is missing from the list`);
  }
  assert.ok([...project.keys()].filter((path) => path.startsWith('runtime/')).length > 10);
});

law('includes point down: schemas <- runtime <- trainer, runtime <- wasm', laws.upwardIncludes, {
  'runtime/base/a.h': '#include "trainer/base/errors.h"\n',
  'runtime/base/b.h': '#include "runtime/serve/engine.h"\n',
  'runtime/models/c.cpp': '  #  include "runtime/serve/engine.h"\n',
  'runtime/serve/d.cpp': '#include "../../trainer/x.h"\n',
  'wasm/e.cpp': '#include "trainer/data/csv.h"\n',
  'trainer/data/f.cpp': '#include "trainer/cli/options.h"\n',
  'trainer/cli/g.cpp': '#include "wasm/attune_abi.h"\n',
}, {
  'runtime/serve/a.cpp': '#include "runtime/base/result.h"\n#include "bundle_generated.h"\n',
  'trainer/cli/b.cpp': '#include "runtime/serve/engine.h"\n// #include "wasm/attune_abi.h"\n',
  'wasm/c.cpp': '#include "wasm/attune_abi.h"\n#include "runtime/serve/engine.h"\n',
});

law('imports point down: js stands on itself, examples on js', laws.upwardImports, {
  'js/src/a.ts': "import { shelf } from '../../examples/movies/shelf.js';\n",
  'js/src/b.ts': "import x from 'left-pad';\n",
  'js/src/hook.ts': "import { useState } from 'react';\n",
  'js/src/react.ts': "import { createRoot } from 'react-dom/client';\n",
  'js/src/c.ts': "const data = await import('../../tests/fixtures/x.js');\n",
  'js/scripts/d.mjs': "export * from '../../trainer/x.mjs';\n",
  'examples/movies/e.mjs': "import { machine } from '../../tests/js/x.mjs';\n",
}, {
  'js/src/a.ts': "import { b } from './b.js';\nimport fs from 'node:fs';\n// from '../../tests/x'\n",
  'js/src/react.ts': "import { useState } from 'react';\n",
  'js/scripts/build.mjs': "import esbuild from 'esbuild';\n",
  'examples/movies/c.mjs': "import { load } from 'attune';\nimport '../../js/dist/index.js';\n",
});

law('the runtime uses no files, clocks, threads, streams or growing containers', laws.forbiddenHeaders, {
  'runtime/base/a.cpp': '#include <fstream>\n',
  'runtime/base/b.cpp': '#include <chrono>\n',
  'runtime/base/c.h': '#include <vector>\n',
  'wasm/d.cpp': '#include <emscripten.h>\n',
}, {
  'runtime/base/a.cpp': '#include <span>\n#include <flatbuffers/flatbuffers.h>\n',
  'trainer/base/b.cpp': '#include <thread>\n',
});

law('the runtime and the wasm shim neither throw nor ask their surroundings', laws.forbiddenWords, {
  'runtime/base/a.cpp': 'if (bad) throw 1;\n',
  'runtime/base/b.cpp': 'try { f(); } catch (...) {}\n',
  'runtime/base/c.cpp': 'auto* d = dynamic_cast<D*>(b);\n',
  'wasm/d.cpp': 'printf("x");\n',
  'wasm/e.cpp': 'int64_t now = time(nullptr);\n',
}, {
  'runtime/base/a.cpp': '// never throws; try again\nint64_t time = 3; const char* s = "throw";\n',
  'trainer/base/b.cpp': 'throw UserError("x");\n',
});

law('the wasm shim has no ideas: exports do not loop and stay short', laws.ideasInWasm, {
  'wasm/a.cpp': 'int32_t attune_rank(int32_t n) {\n  for (int i = 0; i < n; ++i) f(i);\n  return 0;\n}\n',
  'wasm/b.cpp': 'int32_t attune_x() {\n  if (y) {\n  }\n  while (z()) {\n  }\n}\n',
  'wasm/c.cpp': `int32_t attune_long() {\n${'  step();\n'.repeat(30)}}\n`,
}, {
  'wasm/a.cpp': 'int32_t attune_rank() {  // for all while we do\n  return status(engine.rank());\n}\n',
});

law('pointers, IndexedDB and the compiling of wasm are known to one file of js each',
  (files) => laws.sharedKnowledge(files), {});
for (const word of ['memory.buffer', 'indexedDB', 'WebAssembly.compile']) {
  test(`a second file of js that knows ${word} is found`, () => {
    const one = ['js/src/one.ts', `f(${word});`];
    assert.deepEqual(laws.sharedKnowledge(new Map([one])), []);
    assert.deepEqual(laws.sharedKnowledge(new Map([one, ['js/src/two.ts', `// ${word}`]])), []);
    assert.notDeepEqual(laws.sharedKnowledge(new Map([one, ['js/src/two.ts', `g(${word});`]])), []);
  });
}

law('the npm package has no runtime dependencies', laws.runtimeDependencies, {
  'js/package.json': '{"dependencies": {"left-pad": "1"}}',
  'js/package.json (peer)': '{"peerDependencies": {"react": "19"}}',
  'js/package.json (needed peer)': '{"peerDependencies": {"react": "19"}, "peerDependenciesMeta": {"react": {"optional": false}}}',
}, {
  'js/package.json': '{"devDependencies": {"typescript": "5"}, "dependencies": {}, ' +
    '"peerDependencies": {"react": "19"}, "peerDependenciesMeta": {"react": {"optional": true}}}',
});

const recipes = '{"sims": {"parameters": [{"name": "discount_factor", "default": 0.5}]}}';

test('recipe parameters have one home, schemas/recipes.json', () =>
  assert.deepEqual(laws.repeatedParameters(project), []));
test('a recipe parameter repeated elsewhere is found, in its own recipe it is not', () => {
  const repeated = (path, text) =>
    laws.repeatedParameters(new Map([['schemas/recipes.json', recipes], [path, text]]));
  assert.equal(repeated('js/src/a.ts', "const x = { 'discount_factor': 0.5 };").length, 1);
  assert.equal(repeated('js/src/b.ts', 'const x = { discount_factor: 0.5 };').length, 1);
  assert.equal(repeated('trainer/cli/c.cpp', 'number("discount_factor")').length, 1);
  assert.deepEqual(repeated('trainer/recipes/sims.cpp', 'number("discount_factor")'), []);
  assert.deepEqual(repeated('js/src/d.ts', '// discount_factor: see the recipe'), []);
  assert.equal(laws.repeatedParameters(new Map()).length, 1);
});
test('parameters are read from a map as well as from a list', () => {
  const map = new Map([['schemas/recipes.json', '{"r": {"parameters": {"depth": {"default": 2}}}}']]);
  assert.deepEqual(laws.recipeParameters(map), ['depth']);
});

law("a user's error is caught by the command line and the HTTP request only", laws.caughtUserErrors, {
  'trainer/data/a.cpp': 'try { f(); } catch (const UserError& error) {}\n',
}, {
  'trainer/cli/main.cpp': 'try { f(); } catch (const UserError& error) {}\n',
  'trainer/data/b.cpp': 'try { f(); } catch (const std::system_error&) {}\n',
});

law('headers open no namespaces', laws.usingNamespaceInHeaders, {
  'runtime/base/a.h': 'using namespace std;\n',
}, { 'tests/a.cpp': 'using namespace attune;\n', 'runtime/a.h': '// using namespace std\nusing std::span;\n' });

law('no Manager, Helper or Util', laws.emptyNames, {
  'trainer/a.h': 'class StoreManager {\n',
  'js/src/b.ts': 'export class EventHelper {\n',
  'js/src/c.ts': 'interface Utils {\n',
  'trainer/base/string_utils.h': '\n',
  'js/src/helpers/d.ts': '\n',
}, { 'trainer/a.h': '// a manager would not do\nstruct Utility {};\n', 'trainer/utilisation.h': '\n' });

law('no source file is longer than 400 lines', laws.longFiles, {
  'trainer/a.cpp': 'x\n'.repeat(401),
}, { 'trainer/a.cpp': 'x\n'.repeat(400), 'README.md': 'x\n'.repeat(900) });

law('the top level holds the fixed folders and files only', laws.strayTopEntries, {
  'notes.txt': '\n',
  'src/a.cpp': '\n',
}, { '.ci/run': '\n', 'trainer/a.cpp': '\n', 'README.md': '\n' });

// In pieces, so that this file keeps the law.
const registry = ['registry', 'npmjs', 'org'].join('.');
const home = ['', 'home', 'ada', 'attune'].join('/');

law('no file names a package registry or a place on one machine', laws.machineTraces, {
  'README.md': `see https://${registry}/attune\n`,
  'tests/a.sh': `cd ${home}\n`,
  'tests/b.sh': `cd "${home}"\n`,
}, { 'README.md': 'see https://www.apache.org/licenses, a/home/ada, ./work and homework\n' });

law('the lock file says what to install, not from which host', laws.lockFileHosts, {
  'js/package-lock.json': `{"resolved": "https://${registry}/x/-/x-1.tgz"}\n`,
}, { 'js/package-lock.json': '{"version": "1", "integrity": "sha512-x"}\n' });

law('every native test has a name by which it is found', laws.unrunnableTestNames, {
  'tests/runtime/a_test.cpp': 'TEST_CASE("numbers lie in [0, 1)") {}\n',
  'tests/runtime/b_test.cpp': 'TEST_CASE("one; two") {}\n',
}, { 'tests/runtime/c_test.cpp': 'TEST_CASE("one, two (three) \'four\'") {}\n' });
