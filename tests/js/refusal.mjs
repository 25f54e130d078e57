// How every command says that it will not: for the tests of the command line.
import assert from 'node:assert/strict';

/** The one line of a command that ended with 2 (what spawnSync gives) and printed nothing else. */
export function refusal({ status, stdout, stderr }, command = '') {
  assert.equal(status, 2, `${command}: exit ${status}\n${stdout}${stderr}`);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0], /^attune: /);
  return lines[0];
}
