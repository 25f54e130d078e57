// The package as npm would publish it: what it says of itself, and that it works in an empty project.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { bundles, root } from './fixtures.mjs';
import { manifestOf, newKey, shop, signed, Site } from './publishing.mjs';

const js = join(root, 'js');
const { build } = createRequire(join(js, 'package.json'))('esbuild');
const manifest = JSON.parse(readFileSync(join(js, 'package.json'), 'utf8'));

let folder;
let project;
let packed;

function run(cwd, command, ...values) {
  return execFileSync(command, values, { cwd, encoding: 'utf8', stdio: 'pipe', timeout: 120_000 });
}

/** Packs js/ into a folder; npm's report with the tarball's path and SHA-256. */
function pack(name) {
  const to = join(folder, name);
  mkdirSync(to);
  const [report] = JSON.parse(run(js, 'npm', 'pack', '--json', '--pack-destination', to));
  const path = join(to, report.filename);
  return { ...report, path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

before(() => {
  assert.ok(
    existsSync(join(js, 'dist/attune.wasm')),
    'js/dist is missing: run "npm run build" in js/',
  );
  folder = mkdtempSync(join(tmpdir(), 'attune-package-'));
  packed = pack('first');
  project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    '{"name":"empty","version":"1.0.0","type":"module","private":true}',
  );
  run(
    project,
    'npm',
    'install',
    '--offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    packed.path,
  );
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('packing twice gives the same bytes', () => {
  assert.equal(pack('second').sha256, packed.sha256);
});

test('the package has no dependencies, no install scripts and says what it is', () => {
  for (const kind of [
    'dependencies',
    'optionalDependencies',
    'bundledDependencies',
  ]) {
    assert.equal(manifest[kind], undefined);
  }
  assert.deepEqual(Object.keys(manifest.peerDependencies), Object.keys(manifest.peerDependenciesMeta));
  assert.deepEqual(manifest.peerDependenciesMeta, { react: { optional: true } });
  for (const script of [
    'preinstall',
    'install',
    'postinstall',
    'prepare',
    'prepublish',
    'preprepare',
    'postprepare',
  ]) {
    assert.equal(manifest.scripts[script], undefined);
  }
  assert.equal(manifest.license, 'Apache-2.0');
  assert.equal(manifest.sideEffects, false);
  assert.deepEqual(manifest.files, ['dist']);
});

test('the lock file names no host', () => {
  assert.doesNotMatch(readFileSync(join(js, 'package-lock.json'), 'utf8'), /https?:|"resolved"/);
});

test('every file that exports names is in the package', () => {
  const files = new Set(packed.files.map(({ path }) => `./${path}`));
  const visit = (value) =>
    typeof value === 'string' ? [value] : Object.values(value).flatMap(visit);
  for (const path of visit(manifest.exports)) assert.ok(files.has(path), path);
  assert.ok(files.has(manifest.types));
});

const kProgram = `
  import { load, AttuneError } from 'attune';
  import { load as loadInline } from 'attune/inline';
  import { readFile } from 'node:fs/promises';
  import { createRequire } from 'node:module';
  const bundle = process.argv[2];
  const lists = [];
  const wasm = await readFile(createRequire(import.meta.url).resolve('attune/attune.wasm'));
  for (const recommender of [await load(bundle), await load(bundle, { wasm }), await loadInline(await readFile(bundle))]) {
    const session = recommender.session({ userId: 'me' });
    session.record({ itemId: 'b1' });
    lists.push(session.getRecommendations({ numResults: 3 }).itemList);
    recommender.dispose();
  }
  const error = await load('nowhere').catch((error) => error);
  console.log(JSON.stringify({ lists, isError: error instanceof AttuneError }));
`;

test('an empty project that installs the tarball recommends in Node', () => {
  writeFileSync(join(project, 'node.js'), kProgram);
  const { lists, isError } = JSON.parse(run(project, process.execPath, 'node.js', bundles.sims));
  assert.equal(lists[0].length, 3);
  assert.deepEqual(lists[1], lists[0]);
  assert.deepEqual(lists[2], lists[0]);
  assert.equal(isError, true);
});

const kEntriesProgram = `
  const { AttuneError, load } = await import('attune');
  const { requestHandler } = await import('attune/aws');
  const { createHandler } = await import('attune/edge');
  const recommender = await load(process.argv[2]);
  requestHandler({ recommender }).destroy();
  const handle = createHandler({ bundle: process.argv[2] });
  const { status } = await handle(new Request('http://shop.example/related/b1'));
  const others = ['edge', 'inline', 'tracker', 'worker', 'element'];
  const entries = await Promise.all(others.map((name) => import('attune/' + name)));
  console.log(JSON.stringify({ status, same: others.filter((name, i) => entries[i].AttuneError === AttuneError) }));
`;

test('in Node all entries share the classes of the package', () => {
  writeFileSync(join(project, 'entries.js'), kEntriesProgram);
  const { status, same } = JSON.parse(run(project, process.execPath, 'entries.js', bundles.sims));
  assert.equal(status, 200);
  assert.deepEqual(same, ['edge', 'inline', 'tracker', 'worker', 'element']);
});

const kTrackingProgram = `
  import { createServer } from 'node:http';
  import { createTracker } from 'attune/tracker';
  const bodies = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part;
    bodies.push({ url: request.url, ...JSON.parse(text) });
    const results = bodies.at(-1).events.map(({ eventId }) => ({ eventId, status: 'stored' }));
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ results }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = 'http://127.0.0.1:' + server.address().port;
  const tracker = createTracker({ endpoint, trackingId: 'key', consent: 'sync' });
  await tracker.track({ eventType: 'click', itemId: 'b1', sessionId: 's1', userId: 'ada' });
  const isDone = await tracker.flush();
  console.log(JSON.stringify({ isDone, bodies }));
  server.close();
  server.closeAllConnections();
`;

test('in Node the tracker brings events to a collector, and does not keep the program from ending', () => {
  writeFileSync(join(project, 'track.js'), kTrackingProgram);
  const { isDone, bodies } = JSON.parse(run(project, process.execPath, 'track.js'));
  assert.equal(isDone, true);
  assert.deepEqual(bodies.map(({ url, trackingId }) => [url, trackingId]), [['/v1/events', 'key']]);
  const { eventId, sentAt, ...event } = bodies[0].events[0];
  assert.equal(eventId.length, 36);
  assert.ok(Math.abs(sentAt - Date.now() / 1000) < 3600);
  assert.deepEqual(event, { eventType: 'click', itemId: 'b1', sessionId: 's1', userId: 'ada' });
});

test('a Worker bundle of the tracker holds nothing of Node', async () => {
  const program = "export { createTracker } from 'attune/tracker';";
  const text = await bundled(program, { conditions: ['workerd'], minify: true });
  assert.doesNotMatch(text, /node:|\beval\b|new Function|WebAssembly/);
});

/** What esbuild makes of a program in the project. */
async function bundled(program, options) {
  writeFileSync(join(project, 'program.js'), program);
  const fixed = {
    absWorkingDir: project,
    entryPoints: ['program.js'],
    bundle: true,
    format: 'esm',
    write: false,
  };
  const { outputFiles } = await build({ ...fixed, logLevel: 'silent', ...options });
  return outputFiles[0].text;
}

/** Imports a bundled program as a file of its own. */
function imported(name, text) {
  writeFileSync(join(project, name), text);
  return import(pathToFileURL(join(project, name)).href);
}

const kBrowserProgram = `
  import { load } from 'attune';
  export async function run(bundle, options) {
    const recommender = await load(bundle, options);
    const session = recommender.session();
    session.record({ itemId: 'b1' });
    return session.getRecommendations({ numResults: 3 }).itemList;
  }
`;

test('a browser bundle asks for attune.wasm beside it, holds nothing of Node, and works', async () => {
  const text = await bundled(kBrowserProgram, { platform: 'browser', minify: true });
  assert.match(text, /new URL\("\.\/attune\.wasm",\s*import\.meta\.url\)/);
  assert.doesNotMatch(text, /node:|\beval\b|new Function/);
  const { run } = await imported('bundle.mjs', text);
  const wasm = readFileSync(join(project, 'node_modules/attune/dist/attune.wasm'));
  assert.equal((await run(readFileSync(bundles.sims), { wasm })).length, 3);
});

test('a bundle in one file follows a signed manifest too', async () => {
  const text = await bundled("export { load } from 'attune';", { platform: 'browser', minify: true });
  const { load } = await imported('published.mjs', text);
  const wasm = readFileSync(join(project, 'node_modules/attune/dist/attune.wasm'));
  const site = await new Site().start();
  const key = newKey();
  site.publish(signed(manifestOf(shop), key));
  const recommender = await load(site.manifest, { publicKeys: [key.text], wasm });
  assert.equal(recommender.version, 1);
  recommender.dispose();
  site.stop();
});

test('an inline bundle needs no file beside it', async () => {
  const program = kBrowserProgram.replace("'attune'", "'attune/inline'");
  const { run } = await imported(
    'inline.mjs',
    await bundled(program, { platform: 'browser', minify: true }),
  );
  assert.equal((await run(readFileSync(bundles.sims))).length, 3);
});

test('a Workers bundle imports the compiled module and holds nothing of Node', async () => {
  const text = await bundled(kBrowserProgram, {
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm'],
  });
  assert.match(text, /^import \w+ from "\.\/attune\.wasm"/m);
  assert.doesNotMatch(text, /node:/);
});

test('a Workers bundle of the edge holds nothing of Node and makes no code', async () => {
  const program = "export { createHandler, HistoryObject, durableObjectStore } from 'attune/edge';";
  const text = await bundled(program, { conditions: ['workerd', 'worker', 'browser'], external: ['*.wasm'], minify: true });
  assert.match(text, /import \w+ from"\.\/attune\.wasm"/);
  assert.doesNotMatch(text, /node:|\beval\b|new Function/);
});

test('the entry for the AWS clients carries nothing of theirs, and nothing that loads', async () => {
  const text = await bundled("export { clientConfig } from 'attune/aws';", { platform: 'browser', minify: true });
  assert.doesNotMatch(text, /@aws-sdk|@smithy\/|node:|attune\.wasm/);
});

test('the element and the hook can be imported where there is no page, and need no React that is not used', async () => {
  const program = "import { defineShelf } from 'attune/element'; export const kind = typeof defineShelf;";
  const { kind } = await imported('element.mjs', await bundled(program, { platform: 'node' }));
  assert.equal(kind, 'function');
  const hook = await bundled("export { useRecommendations } from 'attune/react';", { platform: 'browser', external: ['react'] });
  assert.deepEqual([...hook.matchAll(/from "([^"]+)"/g)].map(([, name]) => name), ['react']);
});

test('a program that uses a store only carries nothing else', async () => {
  const text = await bundled("export { memoryStore } from 'attune';", {
    platform: 'browser',
    minify: true,
  });
  assert.ok(text.length < 1000, `${text.length} bytes`);
});

test('a TypeScript project finds the types of every entry', () => {
  const program = `
    import { load, type Recommender } from 'attune';
    import { load as inline } from 'attune/inline';
    import { createHandler, type EdgeHandler } from 'attune/edge';
    import { clientConfig } from 'attune/aws';
    import { AttuneShelf, defineShelf } from 'attune/element';
    import { useRecommendations, type RecommendationsState } from 'attune/react';
    import { load as later, type WorkerRecommender } from 'attune/worker';
    import wasm from 'attune/attune.wasm';
    export const handler: EdgeHandler = createHandler({ bundle: 'shop.attune', wasm });
    export const shelf: () => AttuneShelf = () => (defineShelf(), document.createElement('attune-shelf'));
    export const useShop = (): RecommendationsState => useRecommendations('/shop.attune', { numResults: 6 });
    export const remote: Promise<WorkerRecommender> = later('/shop.attune');
    export const config = async () => clientConfig({ recommender: await load('shop.attune') });
    export const recommender: Promise<Recommender> = load('shop.attune', { wasm });
    export const other: typeof load = inline;
  `;
  writeFileSync(join(project, 'program.ts'), program);
  const tsc = join(js, 'node_modules/typescript/bin/tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'ES2022',
    '--lib',
    'ES2022,DOM',
    '--module',
    'NodeNext',
  ];
  run(project, process.execPath, tsc, ...options, 'program.ts');
});

test('the files stay within their budgets, and packages to compare with that are not installed are named', () => {
  writeFileSync(join(project, 'peers.json'), '{"not-there":{"entry":"a.mjs"}}');
  assert.match(run(js, process.execPath, 'scripts/size.mjs', project), /"not-there","skipped":"not installed/);
});
