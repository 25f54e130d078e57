// The unmodified AWS clients in pages of real browsers, answered by attune/aws in the page.
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { bundles } from '../js/fixtures.mjs';
import { noChromium, noFirefox, withChromium, withFirefox } from '../js/hosts.mjs';
import { kDeviceProgram } from '../js/programs.mjs';
import { judge } from '../js/wire-answers.mjs';

const kPage = `${kDeviceProgram}
  const bytes = async (path) => (await fetch(path)).arrayBuffer();
  globalThis.answers = async () => run({ sims: await bytes('/sims'), popularity: await bytes('/popularity') }, '/attune.wasm');
  globalThis.ready = true;
`;
const files = Object.fromEntries(
  ['sims', 'popularity'].map((name) => [`/${name}`, ['application/octet-stream', readFileSync(bundles[name])]]),
);

for (const [name, skip, withBrowser] of [['Chromium', noChromium, withChromium], ['Firefox', noFirefox, withFirefox]]) {
  test(`in ${name} the captured calls are answered in the page, which may reach nobody else`, { skip }, async () => {
    await withBrowser(async (answersTo) => judge(await answersTo(kPage, files), { isSigned: false }));
  });
}
