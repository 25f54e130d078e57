import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'js/node_modules/typescript/bin/tsc');

test('the types accept what works and refuse what does not', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [tsc, '-p', join(root, 'tests/js/types')],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stdout + stderr);
});
