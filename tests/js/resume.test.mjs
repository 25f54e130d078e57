// A training killed again and again goes on with --resume to the bundle of the uninterrupted one.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTUNE = process.env.ATTUNE_BIN ?? join(ROOT, 'build/native/attune');
const KILLS = 20;

describe('a killed training', () => {
  let folder;
  const at = (name) => join(folder, name);
  const training = (output, ...options) => ['train', '--store', at('s.db'), '--recipe', 'user-personalization',
    '--set', 'epochs=30', '--set', 'patience=30', '--threads', '1', '--output', at(output), ...options];
  const sha = (name) => createHash('sha256').update(readFileSync(at(name))).digest('hex');

  /** Runs a command and kills it after so many milliseconds; its exit code, or null when killed. */
  const killedAfter = (options, milliseconds) => new Promise((resolve) => {
    const child = spawn(ATTUNE, options, { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
    child.once('exit', (code) => { clearTimeout(timer); resolve(code); });
  });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-resume-'));
    execFileSync(ATTUNE, ['synth', '--world', 'markov', '--users', '300', '--items', '80', '--interactions', '12000', '--seed', '3', '--output', folder]);
    execFileSync(ATTUNE, ['import', '--store', at('s.db'), '--type', 'interactions', '--schema', at('interactions.avsc'), at('interactions.csv')], { stdio: 'pipe' });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test(`gives, ${KILLS} kills later, the bytes of the uninterrupted one and leaves nothing else`, async (t) => {
    const start = performance.now();
    execFileSync(ATTUNE, training('whole.attune'), { stdio: 'pipe' });
    const duration = performance.now() - start;
    let kills = 0;
    let seed = 7;
    for (; kills < KILLS; kills++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      // Long enough for a few epochs now and then, short enough not to finish early.
      const code = await killedAfter(training('killed.attune', '--resume'), 40 + (seed / 2 ** 32) * duration / 14);
      if (code === 0) break;
      assert.equal(code, null, 'ended by the kill alone');
      assert.equal(existsSync(at('killed.attune')), false, 'no bundle before the end');
    }
    t.diagnostic(`${kills} kills`);
    assert.ok(kills >= 5);
    execFileSync(ATTUNE, training('killed.attune', '--resume'), { stdio: 'pipe' });
    assert.equal(sha('killed.attune'), sha('whole.attune'));
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes('checkpoint') || name.includes('part')), []);
  });
});
