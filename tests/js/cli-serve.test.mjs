// attune tracker and attune serve on the command line: what they say, and what they refuse.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import { attune, Place } from './collector.mjs';

let place;
before(() => { place = new Place(); });
after(() => place.remove());

/** One line on stderr that says what is wrong, and exit code 2. */
function refused({ code, err }, message) {
  assert.equal(code, 2, err);
  const lines = err.trimEnd().split('\n');
  assert.equal(lines.length, 1, err);
  assert.match(lines[0], message);
}

test('a tracker\'s key is shown once, then only what names it', () => {
  const made = attune('tracker', '--store', place.store, '--create', 'web', '--origin', 'https://a.example', '--origin', 'http://localhost:8080');
  assert.equal(made.code, 0, made.err);
  const [, key] = /trackingId (atk_[0-9a-f]{64})\n/.exec(made.out);
  const listed = attune('tracker', '--store', place.store);
  assert.match(listed.out, /^[0-9a-f]{12} {2}web https:\/\/a\.example http:\/\/localhost:8080$/m);
  assert.ok(!listed.out.includes(key.slice(4, 16)));
  const { eventTrackers } = JSON.parse(attune('tracker', '--store', place.store, '--json').out);
  const web = eventTrackers.find(({ name }) => name === 'web');
  assert.deepEqual(web.origins, ['https://a.example', 'http://localhost:8080']);
  const removed = attune('tracker', '--store', place.store, '--remove', web.key);
  assert.equal(removed.code, 0);
  assert.doesNotMatch(removed.out, /web/);
  refused(attune('tracker', '--store', place.store, '--remove', web.key), /has no key/);
});

test('a key without origins says that no page may use it', () => {
  assert.match(attune('tracker', '--store', place.store, '--create', 'server').out, /No page may use it/);
});

test('wrong names and origins are told', () => {
  const create = (...words) => attune('tracker', '--store', place.store, '--create', ...words);
  refused(create('a b'), /cannot be a tracker's name/);
  refused(create('x'.repeat(64)), /at most 63/);
  refused(create('x', '--origin', 'https://a.example/'), /is no origin/);
  refused(attune('tracker', '--store', place.store, '--origin', 'https://a.example'), /goes with --create/);
});

test('looking for trackers makes no store', () => {
  const missing = place.file('missing.db');
  refused(attune('tracker', '--store', missing), /no store at/);
  assert.ok(!existsSync(missing));
});

test('what serve cannot serve on is told', async () => {
  const serve = (...words) => attune('serve', '--store', place.store, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', ...words);
  for (const address of ['nonsense', '127.0.0.1', '127.0.0.1:', '127.0.0.1:99999', 'localhost:80', '[::1:5']) {
    refused(attune('serve', '--store', place.store, '--listen', address), /is no address to listen on/);
  }
  for (const address of ['0.0.0.0:0', '[::]:0', '192.0.2.1:0']) {
    refused(attune('serve', '--store', place.store, '--admin-listen', address), /can be reached by other machines/);
  }
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  refused(attune('serve', '--store', place.store, '--admin-listen', '127.0.0.1:0',
    '--listen', `127.0.0.1:${taken.address().port}`), /cannot listen on .*in use/);
  taken.close();
  refused(serve('--config', place.file('bad.json', '{"proxys":[]}')), /bad\.json: unknown key "proxys"; did you mean proxies\?/);
  refused(serve('--config', place.file('absent.json')), /absent\.json/);
  refused(serve('--log-level', 'loud'), /use debug, info, warning or error/);
  refused(attune('serve', '--store', place.file('text.db', 'x'.repeat(5000)), '--admin-listen', '127.0.0.1:0'), /is not an Attune store/);
  refused(attune('serve', '--store', 'postgres://me:secret@127.0.0.1:1/shop', '--admin-listen', '127.0.0.1:0'),
    /^attune: cannot open store postgres:\/\/me@127\.0\.0\.1:1\/shop: .*refused: check host and port/);
  refused(attune('serve', '--store', 'mysql://x/y', '--admin-listen', '127.0.0.1:0'), /unknown kind of store mysql:.*postgres:/);
});
