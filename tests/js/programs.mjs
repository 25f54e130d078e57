// Bundles of the AWS clients' calls for the hosts that they run in.
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './fixtures.mjs';

const js = join(root, 'js');
const { build } = createRequire(join(js, 'package.json'))('esbuild');

/** Programs are kept here, below the project, so that Node finds what they import. */
export const programs = join(root, 'build/js-programs');

/** Makes `attune` and the AWS clients something that programs here find by name, each host by its conditions. */
export function installPackage() {
  mkdirSync(join(programs, 'node_modules'), { recursive: true });
  for (const [name, path] of [['attune', js], ['@aws-sdk', join(js, 'node_modules/@aws-sdk')]]) {
    const link = join(programs, 'node_modules', name);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path, link, 'dir');
    } catch (error) {
      if (error.code !== 'EEXIST') throw error; // another test file was faster
    }
  }
  writeFileSync(join(programs, 'package.json'), '{"type":"module","dependencies":{"attune":"*"}}');
}

/** Bundles a program's text, which may import `attune`, the AWS clients and the tests; returns its path. */
export async function bundleProgram(name, contents, { platform = 'browser', conditions = [], external = [], minify = false } = {}) {
  installPackage();
  const outfile = join(programs, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: join(root, 'tests/js'), sourcefile: `${name}.js` },
    bundle: true,
    format: 'esm',
    platform,
    conditions,
    external,
    outfile,
    logLevel: 'error',
    keepNames: true,
    minify,
    nodePaths: [join(programs, 'node_modules'), join(js, 'node_modules'), join(root, 'tests/hosts/node_modules')],
    ...(platform === 'node' && {
      banner: { js: "import { createRequire as attuneRequire } from 'node:module'; const require = attuneRequire(import.meta.url);" },
    }),
  });
  return outfile;
}

/** In a host: `run(bytesOf, wasm)` sends all calls to the clients on the device. */
export const kDeviceProgram = `
  import { load } from 'attune';
  import { clientConfig } from 'attune/aws';
  import { campaignsOf, sendCalls, textOf } from './wire-calls.mjs';
  export async function run(bundles, wasm) {
    const opened = {};
    for (const [name, bytes] of Object.entries(bundles)) opened[name] = await load(bytes, { wasm });
    let user;
    const config = clientConfig({
      campaigns: campaignsOf((name, more) => ({ recommender: opened[name], ...more })),
      forward() {},
      onError() {},
      admit(operation) {
        if (user === 'broken') throw new Error('broken');
        return user !== 'busy';
      },
    });
    const { requestHandler } = config;
    const handle = (request, options) => {
      user = JSON.parse(textOf(request.body)).userId;
      return requestHandler.handle(request, options);
    };
    return sendCalls(() => ({ ...config, requestHandler: { ...requestHandler, handle } }));
  }
`;
