// Knows what the collector acknowledged, and asks the store whether all of it is there, once.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { batch, event, NO_LIMITS, post, start } from './collector.mjs';

const WORKERS = 8;

/** Whether a SQLite store is whole, its events, and how many keys they have. */
export function sqliteFigures({ store }) {
  const script = 'import json,sqlite3,sys\n' +
    'db=sqlite3.connect(sys.argv[1])\n' +
    'print(json.dumps([db.execute("PRAGMA integrity_check").fetchone()[0]=="ok",' +
    'db.execute("SELECT count(*) FROM events").fetchone()[0],' +
    'db.execute("SELECT count(DISTINCT key) FROM events").fetchone()[0]]))';
  return JSON.parse(execFileSync('python3', ['-c', script, store], { encoding: 'utf8' }));
}

/** A client that remembers which events were acknowledged and which it only tried to send. */
export class Oracle {
  constructor(place, figures = sqliteFigures) {
    this.place = place;
    this.figures = figures;
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

  /** Several clients that send until the returned function is called; it waits for them. */
  sendToEnd(url) {
    let isOver = false;
    const workers = Array.from({ length: WORKERS }, (_, w) => this.send(url, w, () => isOver));
    return async () => {
      isOver = true;
      await Promise.all(workers);
    };
  }

  /** Everything acknowledged is in the store, nothing is in it twice, and the store is whole. */
  check() {
    const [isWhole, rows, keys] = this.figures(this.place);
    assert.equal(isWhole, true);
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

/** Starts the collector and kills it at a random moment, many times; then asks for everything. */
export async function killManyTimes(oracle, cycles) {
  const { place } = oracle;
  for (let cycle = 0; cycle < cycles; ++cycle) {
    const server = await start(place, { config: NO_LIMITS, level: 'warning' });
    const end = oracle.sendToEnd(server.url);
    await new Promise((resume) => setTimeout(resume, 20 + Math.random() * 200));
    server.child.kill('SIGKILL');
    await end();
    await server.exit;
    if (cycle % 10 === 9) oracle.check();
  }
  assert.ok(oracle.acknowledged.size > 10 * cycles, `${oracle.acknowledged.size} events were acknowledged`);
  const server = await start(place, { config: NO_LIMITS });
  await oracle.checkAllKnown(server.url);
  assert.equal(await server.stop(), 0);
  oracle.check();
}
