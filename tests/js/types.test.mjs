import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'js/node_modules/typescript/bin/tsc');

for (const [what, project] of [
  ['what works', 'tests/js/types'],
  ['the AWS clients', 'tests/js/types/aws'],
]) {
  test(`the types accept ${what} and refuse what does not work`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  });
}
