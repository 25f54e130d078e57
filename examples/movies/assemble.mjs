// Puts the static site together: the page, the package `attune` as built, the bundles, the list of
// files the service worker keeps, and a brotli and a gzip twin of every file that shrinks.
// Usage: node assemble.mjs DIST_FOLDER MODELS_FOLDER OUTPUT_FOLDER [LIVE_JSON]
// LIVE_JSON is what site/live.js then says: the collector that the page talks to.

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const PAGE = fileURLToPath(new URL('./site', import.meta.url));
const IMPORT = /\b(?:from|import)\s*\(?\s*["'](\.[^"']+\.js)["']/gu;
const MODELS = ['sims.attune', 'popularity-count.attune'];
const WORKER_FILES = new Set(['sw.js', 'precache.js']); // the browser keeps these by itself

/** Every file below `folder`, as paths with "/" relative to it, in a fixed order. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => name.split(sep).join('/'))
    .sort();
}

/** The module `entry` and all it imports, as paths within `folder`: what a page has to load. */
function modulesFrom(folder, entry) {
  const found = new Set([entry]);
  for (const name of found) {
    const code = readFileSync(join(folder, name), 'utf8');
    for (const [, target] of code.matchAll(IMPORT))
      found.add(posix.join(posix.dirname(name), target));
  }
  return [...found];
}

function copyParts(dist, models, site, live) {
  cpSync(PAGE, site, { recursive: true });
  const modules = new Set(modulesFrom(dist, 'index.js'));
  if (live) for (const name of modulesFrom(dist, 'tracker.js')) modules.add(name);
  for (const name of [...modules, 'attune.wasm'])
    cpSync(join(dist, name), join(site, 'attune', name));
  mkdirSync(join(site, 'models'));
  for (const name of MODELS) cpSync(join(models, name), join(site, 'models', name));
}

/** The page may ask the collector too, which its policy must say, and knows where it is. */
function connectTo(site, live) {
  const page = join(site, 'index.html');
  const html = readFileSync(page, 'utf8');
  const open = html.replace("connect-src 'self'", `connect-src 'self' ${live.endpoint}`);
  if (open === html) throw new Error(`${page} has no connect-src in its policy`);
  writeFileSync(page, open);
  writeFileSync(join(site, 'live.js'), `export const live = ${JSON.stringify(live, null, 2)};\n`);
}

/** The version is a hash of all contents: any change makes the browser fetch the new site. */
function writePrecacheList(site) {
  const files = filesBelow(site).filter((name) => !WORKER_FILES.has(name));
  const hash = createHash('sha256');
  for (const name of files)
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(site, name)))
      .update('\0');
  const urls = files.map((name) => `./${name === 'index.html' ? '' : name}`);
  const list = JSON.stringify({ version: hash.digest('hex').slice(0, 16), files: urls }, null, 2);
  writeFileSync(join(site, 'precache.js'), `self.precache = ${list};\n`);
}

function compressFiles(site) {
  for (const name of filesBelow(site)) {
    const content = readFileSync(join(site, name));
    const best = {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 9,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    };
    const twins = {
      '.br': brotliCompressSync(content, best),
      '.gz': gzipSync(content, { level: 9 }),
    };
    for (const [suffix, packed] of Object.entries(twins)) {
      if (packed.length < content.length) writeFileSync(join(site, name + suffix), packed);
    }
  }
}

function main([dist, models, output, livePath]) {
  if (!dist || !models || !output)
    throw new Error('usage: node assemble.mjs DIST_FOLDER MODELS_FOLDER OUTPUT_FOLDER [LIVE_JSON]');
  const live = livePath && JSON.parse(readFileSync(livePath, 'utf8'));
  const needed = [
    join(dist, 'index.js'),
    join(dist, 'attune.wasm'),
    ...MODELS.map((name) => join(models, name)),
  ];
  const missing = needed.find((path) => !existsSync(path));
  if (missing) throw new Error(`${missing} is missing`);
  const fresh = `${output}.part`;
  rmSync(fresh, { recursive: true, force: true });
  copyParts(dist, models, fresh, live);
  if (live) connectTo(fresh, live);
  writePrecacheList(fresh);
  compressFiles(fresh);
  rmSync(output, { recursive: true, force: true });
  renameSync(fresh, output);
  console.log(`${filesBelow(output).length} files in ${relative('.', output) || output}`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`assemble: ${error.message}`);
  process.exit(2);
}
