// What attune serve acknowledged is there: after SIGKILL at any moment, and after disks that fail.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { batch, event, eventually, get, metric, NO_LIMITS, Place, post, start } from './collector.mjs';

const CYCLES = Number(process.env.ATTUNE_CRASH_CYCLES ?? 30);
const WORKERS = 8;

/** A client that remembers which events were acknowledged and which it only tried to send. */
class Oracle {
  constructor(place) {
    this.place = place;
    this.acknowledged = new Set();
    this.sent = new Set();
    this.refused = 0;
  }

  /** Sends batches until `isOver`; events without an acknowledgement are sent again later. */
  async send(url, worker, isOver, size = 5) {
    let waiting = [];
    while (!isOver()) {
      while (waiting.length < size) {
        const id = `${worker}-${this.sent.size}-${Math.random()}`;
        this.sent.add(id);
        waiting.push(event(id, { userId: `u${worker}`, itemId: `i${this.sent.size % 50}` }));
      }
      const reply = await post(`${url}/v1/events`, batch(this.place.key, waiting)).catch(() => null);
      if (!reply) return;
      if (reply.status === 200) {
        for (const { eventId } of reply.json.results) this.acknowledged.add(eventId);
        waiting = [];
      } else {
        assert.equal(reply.status, 503, reply.text);
        assert.ok(Number(reply.headers.get('retry-after')) >= 1);
        this.refused += 1;
        await new Promise((resume) => setTimeout(resume, 20));
      }
    }
  }

  /** Everything acknowledged is in the store, nothing is in it twice, and the store is whole. */
  check() {
    const script = 'import json,sqlite3,sys\n' +
      'db=sqlite3.connect(sys.argv[1])\n' +
      'print(json.dumps([db.execute("PRAGMA integrity_check").fetchone()[0],' +
      'db.execute("SELECT count(*) FROM events").fetchone()[0],' +
      'db.execute("SELECT count(DISTINCT key) FROM events").fetchone()[0]]))';
    const [integrity, rows, keys] = JSON.parse(
      execFileSync('python3', ['-c', script, this.place.store], { encoding: 'utf8' }));
    assert.equal(integrity, 'ok');
    assert.equal(rows, keys);
    assert.ok(rows >= this.acknowledged.size && rows <= this.sent.size, `${this.acknowledged.size} <= ${rows} <= ${this.sent.size}`);
  }

  /** Sends what was acknowledged once more: all of it must be known. */
  async checkAllKnown(url) {
    const ids = [...this.acknowledged];
    for (let at = 0; at < ids.length; at += 500) {
      const reply = await post(`${url}/v1/events`, batch(this.place.key, ids.slice(at, at + 500).map((id) => event(id))));
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual(reply.json.results.filter(({ status }) => status !== 'duplicate'), []);
    }
  }
}

test(`${CYCLES} times SIGKILL at a random moment: no acknowledged event is lost, none is stored twice`, async () => {
  const place = new Place();
  const oracle = new Oracle(place);
  for (let cycle = 0; cycle < CYCLES; ++cycle) {
    const server = await start(place, { config: NO_LIMITS, level: 'warning' });
    let isOver = false;
    const workers = Array.from({ length: WORKERS }, (_, w) => oracle.send(server.url, w, () => isOver));
    await new Promise((resume) => setTimeout(resume, 20 + Math.random() * 200));
    server.child.kill('SIGKILL');
    isOver = true;
    await Promise.all(workers);
    await server.exit;
    if (cycle % 10 === 9) oracle.check();
  }
  assert.ok(oracle.acknowledged.size > 10 * CYCLES, `${oracle.acknowledged.size} events were acknowledged`);
  const server = await start(place, { config: NO_LIMITS });
  await oracle.checkAllKnown(server.url);
  assert.equal(await server.stop(), 0);
  oracle.check();
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
    let isOver = false;
    const workers = Array.from({ length: WORKERS }, (_, w) => oracle.send(server.url, w, () => isOver));
    const failed = async () => {
      wasRed ||= (await get(`${server.url}/readyz`)).status === 503;
      return await metric(server, 'attune_store_failures_total') > 0 && wasRed;
    };
    assert.ok(await eventually(failed, 60), 'the disk failed and /readyz was red');
    const before = oracle.acknowledged.size;
    assert.ok(await eventually(() => oracle.acknowledged.size > before + 50, 60), 'it acknowledges again');
    isOver = true;
    await Promise.all(workers);
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
