// The laws of the house as functions: each takes the project's files and returns what breaks it,
// one line a place. Files are a Map from path (from the project's root) to text.

/** Removes comments, and the contents of string literals unless `keepStrings`. Keeps line breaks. */
export function codeOnly(text, keepStrings = false) {
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"\(([\s\S]*?)\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(token, (found) => {
    if (found.startsWith('/')) return found.replace(/[^\n]/g, ' ');
    return keepStrings ? found : found.replace(/[^\n"']/g, ' ');
  });
}

const isCpp = (path) => /\.(h|cpp|inc)$/.test(path);
const isScript = (path) => /\.(ts|mts|js|mjs)$/.test(path);
const topFolder = (path) => path.split('/')[0];

/** Every match of `pattern` in the files that `wanted` picks, as "path:line: message". */
function findings(files, wanted, pattern, message, clean = codeOnly) {
  const found = [];
  for (const [path, text] of files) {
    if (!wanted(path)) continue;
    clean(text).split('\n').forEach((line, index) => {
      for (const match of line.matchAll(pattern)) {
        const said = message(match, path);
        if (said) found.push(`${path}:${index + 1}: ${said}`);
      }
    });
  }
  return found;
}

// ---- arrows

/** What the C++ of each folder may include; the longest prefix of a path decides. */
const MAY_INCLUDE = {
  'runtime/base': ['runtime/base'],
  'runtime/bundle': ['runtime/base', 'runtime/bundle', 'bundle_generated.h'],
  // A model scores a session's history, which is the one thing of serve/ that it may know.
  'runtime/models': [
    'runtime/base', 'runtime/bundle', 'runtime/models', 'runtime/serve/session.h', 'bundle_generated.h',
  ],
  'runtime/serve': ['runtime', 'bundle_generated.h'],
  'runtime': ['runtime', 'bundle_generated.h'],
  'wasm': ['wasm', 'runtime'],
  'trainer/base': ['trainer/base'],
  'trainer/data': ['trainer/base', 'trainer/data', 'runtime/base'],
  'trainer/export': ['trainer/base', 'trainer/data', 'trainer/export', 'runtime', 'bundle_generated.h'],
  // recipes_json.inc is schemas/recipes.json as the build embeds it.
  'trainer': ['trainer', 'runtime', 'bundle_generated.h', 'recipes_json.inc'],
  'tests': ['tests', 'trainer', 'wasm', 'runtime', 'bundle_generated.h'],
};

function mayInclude(path) {
  const prefixes = Object.keys(MAY_INCLUDE).filter((prefix) => path.startsWith(`${prefix}/`));
  return MAY_INCLUDE[prefixes.sort((a, b) => b.length - a.length)[0]] ?? [];
}

export function upwardIncludes(files) {
  return findings(files, isCpp, /^\s*#\s*include\s*"([^"]+)"/g, ([, included], path) => {
    const allowed = mayInclude(path).some((a) => included === a || included.startsWith(`${a}/`));
    return allowed ? null : `may not include ${included}`;
  }, (text) => codeOnly(text, true));
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)(['"])([^'"]+)\1/g;

function resolved(path, specifier) {
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** js/ stands on nothing but itself and the host; examples/ may use js/ but never tests/. */
export function upwardImports(files) {
  const wanted = (path) => isScript(path) && /^(js|examples)\//.test(path);
  return findings(files, wanted, IMPORT, ([, , specifier], path) => {
    const outside = `may not import ${specifier}`;
    if (specifier.startsWith('.')) {
      const target = topFolder(resolved(path, specifier));
      const own = path.startsWith('js/') ? ['js'] : ['examples', 'js', 'build'];
      return own.includes(target) ? null : outside;
    }
    if (!path.startsWith('js/src/')) return null;
    if (path === 'js/src/react.ts' && specifier === 'react') return null; // whom it is for
    return /^(node:|https?:|data:)/.test(specifier) ? null : outside;
  }, (text) => codeOnly(text, true));
}

// ---- runtime/ and wasm/

const RUNTIME_HEADERS = new Set([
  'algorithm', 'array', 'bit', 'cmath', 'compare', 'concepts', 'cstddef', 'cstdint', 'cstdlib',
  'cstring', 'functional', 'initializer_list', 'iterator', 'limits', 'memory', 'new', 'numeric',
  // The instructions that kernels are written in.
  'immintrin.h', 'wasm_simd128.h',
  'optional', 'span', 'stddef.h', 'stdint.h', 'string_view', 'tuple', 'type_traits', 'utility', 'variant', 'version',
]);

const isRuntime = (path) => isCpp(path) && /^(runtime|wasm)\//.test(path);

/** Files, clocks, threads, growing containers (which trap when memory runs out) stay out. */
export function forbiddenHeaders(files) {
  return findings(files, isRuntime, /^\s*#\s*include\s*<([^>]+)>/g, ([, header]) =>
    RUNTIME_HEADERS.has(header) || header.startsWith('flatbuffers/') ? null : `may not include <${header}>`);
}

export function forbiddenWords(files) {
  const words = /\b(throw|try|catch|dynamic_cast|typeid|thread_local|getenv|f?printf|assert|rand|time)\b(?=\s*[({<;])|\bthrow\b/g;
  return findings(files, isRuntime, words, ([word]) => `${word} has no place in runtime/ and wasm/`);
}

/** The bodies of the exported functions: {name, line, body}, by counting braces. */
function exportedFunctions(text) {
  const code = codeOnly(text);
  const functions = [];
  for (const match of code.matchAll(/\b(attune_\w+)\s*\([^;{}()]*\)\s*\{/g)) {
    let end = match.index + match[0].length;
    for (let depth = 1; depth > 0 && end < code.length; ++end) {
      depth += code[end] === '{' ? 1 : code[end] === '}' ? -1 : 0;
    }
    const line = code.slice(0, match.index).split('\n').length;
    functions.push({ name: match[1], line, body: code.slice(match.index, end) });
  }
  return functions;
}

const EXPORT_LINES = 24;

/** wasm/ has no ideas: an export neither loops nor grows long, so it can only convert and call. */
export function ideasInWasm(files) {
  const found = [];
  for (const [path, text] of files) {
    if (!/^wasm\/.*\.cpp$/.test(path)) continue;
    for (const { name, line, body } of exportedFunctions(text)) {
      const lines = body.split('\n').length;
      if (/\b(for|while|do|goto)\b/.test(body)) found.push(`${path}:${line}: ${name} loops`);
      if (lines > EXPORT_LINES) found.push(`${path}:${line}: ${name} has ${lines} lines`);
    }
  }
  return found;
}

// ---- js/

/** Each of these is known to one file of js/src at most. */
const ONE_FILE_KNOWS = {
  'pointers (memory.buffer)': /\bmemory\.buffer\b/,
  'the storage of the browser (indexedDB)': /\bindexedDB\b/,
  'how wasm is compiled (WebAssembly.compile)': /\bWebAssembly\.(compile|instantiateStreaming)/,
};

export function sharedKnowledge(files) {
  return Object.entries(ONE_FILE_KNOWS).flatMap(([what, pattern]) => {
    const knowing = [...files].filter(([path, text]) =>
      path.startsWith('js/src/') && isScript(path) && pattern.test(codeOnly(text)));
    return knowing.length > 1 ? [`${what}: ${knowing.map(([path]) => path).join(', ')}`] : [];
  });
}

export function runtimeDependencies(files) {
  const manifest = JSON.parse(files.get('js/package.json') ?? '{}');
  const full = ['dependencies', 'optionalDependencies', 'bundledDependencies']
    .filter((kind) => Object.keys(manifest[kind] ?? {}).length > 0)
    .map((kind) => `js/package.json: ${kind} must be empty`);
  // A peer is what its user has already, or does without.
  const needed = Object.keys(manifest.peerDependencies ?? {})
    .filter((name) => manifest.peerDependenciesMeta?.[name]?.optional !== true)
    .map((name) => `js/package.json: the peer ${name} must be optional`);
  return [...full, ...needed];
}

// ---- one home per fact

/** Every name that schemas/recipes.json gives a default to. */
export function recipeParameters(files) {
  const names = new Set();
  const visit = (value, key) => {
    if (value === null || typeof value !== 'object') return;
    if (!Array.isArray(value) && 'default' in value) names.add(value.name ?? key);
    for (const [childKey, child] of Object.entries(value)) visit(child, childKey);
  };
  visit(JSON.parse(files.get('schemas/recipes.json') ?? '{}'), '');
  return [...names];
}

/** Parameters are read by their recipe; nobody else repeats their names, and so not their defaults. */
export function repeatedParameters(files) {
  const names = recipeParameters(files);
  if (names.length === 0) return ['schemas/recipes.json: no parameter with a default'];
  const pattern = new RegExp(`["'\`](${names.join('|')})["'\`]|\\b(${names.join('|')})\\s*:`, 'g');
  const wanted = (path) =>
    (isScript(path) && path.startsWith('js/')) ||
    (isCpp(path) && /^(runtime|wasm|trainer)\//.test(path) && !path.startsWith('trainer/recipes/'));
  // A key before a colon is a setting in a script; in C++ it is words in a message.
  return findings(files, wanted, pattern, ([, quoted, key], path) =>
    (quoted || isScript(path)) && `${quoted ?? key} belongs to schemas/recipes.json`,
  (text) => codeOnly(text, true));
}

/** A user's error is answered in two places: the command line's main and the HTTP request. */
export function caughtUserErrors(files) {
  const wanted = (path) => isCpp(path) && path.startsWith('trainer/') &&
    path !== 'trainer/cli/main.cpp' && !path.startsWith('trainer/server/');
  return findings(files, wanted, /\bcatch\s*\(\s*(const\s+)?(trainer::)?UserError\b/g,
    () => 'UserError is caught by main and by the HTTP request only');
}

// ---- style

export function usingNamespaceInHeaders(files) {
  return findings(files, (path) => path.endsWith('.h'), /\busing\s+namespace\s+([\w:]+)/g,
    ([, name]) => `using namespace ${name} in a header`);
}

export function emptyNames(files) {
  const ending = '(?:Manager|Helper|Util)s?';
  const classes = findings(files, (path) => isCpp(path) || isScript(path),
    new RegExp(`\\b(?:class|struct|interface|namespace)\\s+(\\w*${ending}|helpers?|utils?)\\b`, 'g'),
    ([, name]) => `${name} says nothing about what it is`);
  const paths = [...files.keys()].filter((path) =>
    /(^|[/_.-])(managers?|helpers?|utils?)(?=[/_.-])/i.test(path));
  return [...classes, ...paths.map((path) => `${path}: the name says nothing about what it is`)];
}

const FILE_LINES = 400;

export function longFiles(files) {
  const isCode = (path) => isCpp(path) || isScript(path) ||
    /\.(sh|cmake|css|html|fbs)$|CMakeLists\.txt$/.test(path);
  return [...files].filter(([path]) => isCode(path))
    .map(([path, text]) => [path, text.split('\n').length - 1])
    .filter(([, lines]) => lines > FILE_LINES)
    .map(([path, lines]) => `${path}: ${lines} lines, at most ${FILE_LINES}`);
}

const TOP = new Set([
  'CMakeLists.txt', 'CMakePresets.json', 'LICENSE', 'README.md', 'trainer', 'runtime', 'wasm', 'js',
  'schemas', 'examples', 'tests',
]);

export function strayTopEntries(files) {
  const top = new Set([...files.keys()].map(topFolder));
  return [...top].filter((name) => !TOP.has(name) && !name.startsWith('.'))
    .map((name) => `${name} is not one of the top folders and files`);
}

// ---- nothing of one machine or registry. Written in pieces, or these lines would break the law.

const HOSTS = [
  ['registry', 'npmjs', 'org'], ['npmjs', 'com'], ['yarnpkg', 'com'], ['debian', 'org'],
  ['nodesource', 'com'], ['pypi', 'org'], ['crates', 'io'],
].map((parts) => parts.join('\\.'));
const MACHINE_PATHS = ['work', 'root', 'home', 'Users'].map((name) => `/${name}/[\\w.-]`);

export function machineTraces(files) {
  const pattern = new RegExp(`(?<![\\w.-])(?:[\\w-]+\\.)*(?:${HOSTS.join('|')})\\b|(?<![\\w.:/}-])(?:${MACHINE_PATHS.join('|')})`, 'g');
  return findings(files, () => true, pattern, ([found]) => `names ${found}`, (text) => text);
}

export function lockFileHosts(files) {
  const wanted = (path) => /(^|\/)package-lock\.json$/.test(path);
  return findings(files, wanted, /"resolved"\s*:\s*"[^"]*"/g, ([found]) => found, (text) => text);
}

// ---- tests

/** CMake splits its list of tests at these, and a test found by half its name never runs. */
export function unrunnableTestNames(files) {
  const wanted = (path) => path.startsWith('tests/') && isCpp(path);
  return findings(files, wanted, /\bTEST_CASE\(\s*"([^"]*[\][;\\][^"]*)"/g,
    ([, name]) => `the test name "${name}" holds one of [ ] ; \\`, (text) => text);
}
