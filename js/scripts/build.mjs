// Builds dist/: types, the compiled TypeScript in few files, attune.wasm and what is made from it; the compiled
// modules themselves are left in build/js. Run it as `npm run build`; ATTUNE_WASM names another attune.wasm than
// build/wasm/attune.wasm.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { bundle } from './bundle.mjs';

const js = new URL('../', import.meta.url);
const dist = new URL('dist/', js);
const compiled = new URL('../build/js/', js); // the outDir of tsconfig.json
const wasm = process.env.ATTUNE_WASM ?? fileURLToPath(new URL('../build/wasm/attune.wasm', js));

function fail(message) {
  console.error(`attune: ${message}`);
  process.exit(2);
}

function compile() {
  let tsc;
  try {
    tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    fail('TypeScript is not installed: run "npm ci" in js/ first');
  }
  const project = fileURLToPath(new URL('tsconfig.json', js));
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
  if (status !== 0) fail('the TypeScript sources do not compile');
}

if (!existsSync(wasm)) {
  fail(
    `${wasm} is missing: make it with "cmake --preset wasm && cmake --build --preset wasm" in the project's folder`,
  );
}
for (const folder of [dist, compiled]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
writeFileSync(new URL('package.json', compiled), '{"type":"module","sideEffects":false}\n');
compile();
await bundle(compiled, dist, new URL('package.json', js));
writeFileSync(new URL('attune.wasm', dist), readFileSync(wasm)); // not copied, for plain permissions
copyFileSync(new URL('src/attune.d.wasm.ts', js), new URL('attune.d.wasm.ts', dist));
copyFileSync(new URL('../LICENSE', js), new URL('LICENSE', dist));
const base64 = readFileSync(wasm).toString('base64');
writeFileSync(new URL('wasm-base64.js', dist), `export default '${base64}';\n`);
