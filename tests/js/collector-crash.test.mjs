// What attune serve acknowledged is there: after SIGKILL at any moment, and after disks that fail.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { batch, event, eventually, get, metric, NO_LIMITS, Place, post, start } from './collector.mjs';
import { killManyTimes, Oracle } from './collector-oracle.mjs';

const CYCLES = Number(process.env.ATTUNE_CRASH_CYCLES ?? 30);

test(`${CYCLES} times SIGKILL at a random moment: no acknowledged event is lost, none is stored twice`, async () => {
  const place = new Place();
  await killManyTimes(new Oracle(place), CYCLES);
  place.remove();
});

const strace = spawnSync('strace', ['-D', '-o', '/dev/null', 'true']);
const skip = strace.status === 0 ? false : 'strace is missing or not allowed here: no disk can be made to fail';

/** Calls of the process that fail, by strace: its pid stays that of the command (-D). */
const failing = (place, call, error, when) => ['strace', '-D', '-f', '-qq', '-o', place.file('strace.txt'),
  '-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${when}`];

test('an answer waits for the disk, and requests that wait share it', { skip }, async () => {
  const place = new Place();
  const wrap = ['strace', '-D', '-f', '-qq', '-o', place.file('strace.txt'),
    '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=500000'];
  const server = await start(place, { config: NO_LIMITS, wrap });
  const commits = await metric(server, 'attune_commits_total');
  await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const sent = performance.now();
    assert.equal((await post(`${server.url}/v1/events`, batch(place.key, [event(`w${i}`)]))).status, 200);
    assert.ok(performance.now() - sent >= 500, 'acknowledged before the disk was sure');
  }));
  assert.ok(await metric(server, 'attune_commits_total') - commits <= 10, 'one wait for many');
  await server.stop();
  place.remove();
});

for (const [call, error, when] of [
  ['fdatasync', 'EIO', '40..45'],
  ['fdatasync', 'EIO', '30+7'],
  ['pwrite64', 'ENOSPC', '400..450'],
  ['pwrite64', 'EIO', '300..310'],
]) {
  test(`${call} answered ${error} (call ${when}): 503, nothing lost, and it goes on by itself`, { skip }, async () => {
    const place = new Place();
    const oracle = new Oracle(place);
    const server = await start(place, { config: NO_LIMITS, wrap: failing(place, call, error, when) });
    let wasRed = false;
    const end = oracle.sendToEnd(server.url);
    const failed = async () => {
      wasRed ||= (await get(`${server.url}/readyz`)).status === 503;
      return await metric(server, 'attune_store_failures_total') > 0 && wasRed;
    };
    assert.ok(await eventually(failed, 60), 'the disk failed and /readyz was red');
    const before = oracle.acknowledged.size;
    assert.ok(await eventually(() => oracle.acknowledged.size > before + 50, 60), 'it acknowledges again');
    await end();
    assert.ok(oracle.refused > 0);
    assert.match(server.log, /"event":"the store failed"/);
    assert.match(server.log, /"event":"the store works again"/);
    server.child.kill('SIGKILL');
    await server.exit;
    const again = await start(place, { config: NO_LIMITS });
    await oracle.checkAllKnown(again.url);
    await again.stop();
    oracle.check();
    place.remove();
  });
}
