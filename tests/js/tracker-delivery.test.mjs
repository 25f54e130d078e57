// How a tracker gives events away: acknowledgements, retries, pauses, tabs and going pages.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { backOffMs, retryAfterMs } from '../../build/js/retry.js';
import { answer, kStart, networkError, World } from './tracker-world.mjs';

const kMinute = 60_000;
const kHour = 60 * kMinute;

let world;
beforeEach(() => (world = new World({ random: Math.random })));
afterEach(async () => {
  assert.deepEqual(world.unhandled, []);
  await world.end();
});

const requests = () => world.bodies.length;
const sizes = () => world.bodies.map(({ body }) => JSON.parse(body).events.length);

test('of one answer the stored and the rejected events are removed, the forgotten ones sent again', async () => {
  const tracker = world.tracker();
  await world.track(tracker, 'good', 'bad', 'forgotten');
  world.fault = (batch) => {
    world.fault = undefined;
    return world.acknowledge(batch, ({ itemId }) => ({
      good: {},
      bad: { status: 'rejected', code: 'InvalidInputException', message: 'no such item' },
      forgotten: { status: 'pending' },
    })[itemId]);
  };
  await world.pass(2000);
  assert.deepEqual(world.items, ['good', 'forgotten']);
  assert.deepEqual(sizes(), [3, 1]);
  assert.equal(world.waiting, 0);
  const [{ event, code, message }] = world.rejected;
  assert.deepEqual([event.itemId, code, message], ['bad', 'InvalidInputException', 'no such item']);
});

test('a rejected event is a warning when nobody listens', async () => {
  const tracker = world.tracker({ onRejected: undefined });
  await world.track(tracker, 'bad');
  world.fault = (batch) => world.acknowledge(batch, () => ({ status: 'rejected', code: 'X', message: 'no' }));
  await world.pass(2000);
  assert.match(world.warnings[0], /^attune: rejected event .*: X: no$/);
});

test('a batch that the collector refuses as a whole is reported event by event, and not sent again', async () => {
  const tracker = world.tracker();
  world.fault = answer(400, {}, { __type: 'InvalidInputException', message: 'malformed' });
  await world.track(tracker, 'a', 'b');
  await world.leap(kMinute);
  assert.equal(requests(), 1);
  assert.deepEqual(world.rejected.map(({ event, code }) => [event.itemId, code]), [
    ['a', 'InvalidInputException'],
    ['b', 'InvalidInputException'],
  ]);
  assert.equal(world.waiting, 0);
});

test('a 4xx that is not the word of a collector costs no event', async () => {
  const tracker = world.tracker();
  world.fault = answer(400, {}, 'Bad Request, says a proxy');
  await world.track(tracker, 'a');
  await world.pass(5000);
  assert.equal(requests(), 1);
  assert.equal(world.waiting, 1);
});

test('a batch that is too large is halved; a single event that is, is rejected', async () => {
  const tracker = world.tracker();
  world.fault = (batch) =>
    batch.events.length > 2 || batch.events[0].itemId === 'e'
      ? answer(413, {}, { __type: 'RequestEntityTooLargeException', message: 'too large' })()
      : world.acknowledge(batch);
  await world.track(tracker, 'a', 'b', 'c', 'd', 'e');
  await world.pass(3000);
  assert.deepEqual(world.items, ['a', 'b', 'c', 'd']);
  assert.deepEqual(world.rejected.map(({ event }) => event.itemId), ['e']);
});

for (const [what, fault] of [
  ['200 that is not an acknowledgement', answer(200, {}, '<html>please log in</html>')],
  ['200 with nothing in it', () => new Response(null, { status: 200 })],
  ['200 that mentions no event', answer(200, {}, { accepted: 1, results: [] })],
  ['200 with nonsense for results', answer(200, {}, { results: [null, 5, {}] })],
  ['500', answer(500)],
  ['502 of a proxy', () => new Response('<h1>Bad Gateway</h1>', { status: 502 })],
  ['408', answer(408)],
  ['425', answer(425)],
  ['network error', networkError],
]) {
  test(`after a ${what} the events are kept and sent again later`, async () => {
    Math.random.mock.mockImplementation(() => 0.9);
    const tracker = world.tracker();
    world.fault = fault;
    await world.track(tracker, 'a');
    await world.pass(1500);
    assert.equal(requests(), 1);
    assert.equal(world.waiting, 1);
    assert.equal(tracker.deliveryError.code, 'NETWORK');
    world.fault = undefined;
    await world.pass(1500);
    assert.deepEqual(world.items, ['a']);
    assert.equal(tracker.deliveryError, undefined);
    assert.equal(world.waiting, 0);
  });
}

test('tries get rarer, up to five minutes apart, and success forgets the failures', async () => {
  await world.end();
  world = new World({ random: 0.999 });
  const tracker = world.tracker();
  world.fault = answer(500);
  await world.track(tracker, 'a');
  for (let i = 0; i < 13; i++) {
    await world.pass(100);
    const at = Math.min(...[...world.timers.values()].map((timer) => timer.at));
    await world.leap(at - world.now);
  }
  const gaps = world.bodies.slice(1).map(({ at }, i) => Math.round((at - world.bodies[i].at) / 1000));
  assert.deepEqual(gaps.slice(0, 11), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  world.fault = undefined;
  await world.leap(5 * kMinute);
  world.fault = answer(500);
  await world.track(tracker, 'b');
  await world.pass(2500);
  assert.equal(world.bodies.at(-1).at - world.bodies.at(-2).at < 2000, true);
});

test('back-off is drawn from all of its range', () => {
  for (const [random, failures, ms] of [[0, 5, 0], [0.5, 0, 500], [0.5, 3, 4000], [0.5, 30, 150_000], [0.5, 5000, 150_000]]) {
    Math.random.mock.mockImplementation(() => random);
    assert.equal(backOffMs(failures), ms);
  }
});

test('Retry-After is understood in both forms, and nonsense is not', () => {
  for (const [header, ms] of [
    ['120', 120_000],
    ['0', 0],
    [new Date(kStart + 90_000).toUTCString(), 90_000],
    [new Date(kStart - 90_000).toUTCString(), 0],
    ['99999999999', 24 * kHour],
    ['soon', 0],
    ['', 0],
    [null, 0],
  ]) {
    assert.equal(retryAfterMs(header), ms, header);
  }
});

for (const [form, header] of [['seconds', '90'], ['a date', new Date(kStart + 91_000).toUTCString()]]) {
  for (const status of [429, 503]) {
    test(`Retry-After in ${form} on ${status} is heeded by flush() and other tabs too`, async () => {
      const tracker = world.tracker();
      world.fault = answer(status, { 'Retry-After': header });
      await world.track(tracker, 'a');
      await world.pass(1500);
      world.fault = undefined;
      const other = world.tracker();
      await world.leap(85_000);
      assert.equal(await world.of(other.flush()), false);
      world.hide();
      world.show();
      assert.equal(requests(), 1);
      await world.leap(7000);
      await world.pass(1500);
      assert.deepEqual(world.items, ['a']);
    });
  }
}

for (const status of [401, 403, 404]) {
  test(`after ${status} nothing is sent for an hour, the console says why, and no event is lost`, async () => {
    const tracker = world.tracker();
    world.fault = answer(status, {}, { __type: 'AccessDeniedException', message: 'unknown key' });
    await world.track(tracker, 'a');
    await world.pass(1500);
    assert.match(world.warnings.join(), new RegExp(`answered ${status} AccessDeniedException: unknown key; waiting`));
    await world.track(tracker, 'b');
    await world.leap(59 * kMinute);
    assert.equal(await world.of(tracker.flush()), false);
    assert.equal(requests(), 1);
    world.fault = undefined;
    await world.leap(2 * kMinute);
    await world.pass(1000);
    assert.deepEqual(world.items, ['a', 'b']);
    assert.equal(world.warnings.length, 1);
  });
}

test('a mended key needs not wait for what the wrong one earned', async () => {
  const wrong = world.tracker({ trackingId: 'wrong' });
  world.fault = answer(401, {}, { __type: 'AccessDeniedException', message: 'unknown key' });
  await world.track(wrong, 'a');
  await world.pass(1500);
  wrong.dispose();
  world.fault = undefined;
  world.tracker({ trackingId: 'right' });
  await world.pass(2000);
  assert.deepEqual(world.items, ['a']);
  assert.equal(JSON.parse(world.bodies.at(-1).body).trackingId, 'right');
});

test('the network that is back ends no pause that the collector asked for', async () => {
  const tracker = world.tracker();
  world.fault = answer(503, { 'Retry-After': '600' });
  await world.track(tracker, 'a');
  await world.pass(1500);
  world.goOnline(false);
  world.goOnline(true);
  world.hide();
  await world.pass(3000);
  world.hide('pagehide');
  assert.equal(requests(), 1);
});

test('a page that is hidden during an outage does not make the tries more frequent', async () => {
  Math.random.mock.mockImplementation(() => 0.999);
  const tracker = world.tracker();
  world.fault = answer(500);
  await world.track(tracker, 'a');
  await world.pass(1000);
  for (const seconds of [1, 2, 4, 8]) {
    await world.pass(100);
    world.hide();
    world.show();
    await world.leap(1000 * seconds);
  }
  await world.pass(100);
  const before = requests();
  await world.leap(14_000);
  assert.equal(requests(), before, 'the sixth try waits for 16 seconds');
});

test('nothing is tried while offline, and the network counts as new when it is back', async () => {
  const tracker = world.tracker();
  world.goOnline(false);
  world.fault = networkError;
  await world.track(tracker, 'a');
  await world.pass(5000);
  assert.equal(requests(), 0);
  assert.equal(await world.of(tracker.flush()), false);
  world.goOnline(true);
  await world.pass(6000);
  assert.ok(requests() > 1);
  world.fault = undefined;
  world.goOnline(false);
  await world.track(tracker, 'b');
  world.goOnline(true);
  await world.pass(1500);
  assert.deepEqual(world.items, ['a', 'b']);
});

test('a collector that hangs is given up after 30 seconds', async () => {
  const tracker = world.tracker();
  const limits = [];
  mock.method(AbortSignal, 'timeout', (ms) => {
    limits.push(ms);
    return AbortSignal.abort(new DOMException('late', 'TimeoutError'));
  });
  world.fault = networkError;
  await world.track(tracker, 'a');
  await world.pass(1500);
  assert.equal(limits[0], 30_000);
  assert.equal(world.bodies[0].signal.aborted, true);
  assert.equal(world.waiting, 1);
});

test('a queue over 1,000 events drops the oldest, and says how many', async () => {
  const tracker = world.tracker();
  world.goOnline(false);
  for (let i = 0; i < 1050; i += 50) {
    const some = Array.from({ length: 50 }, (_, j) => tracker.track({ eventType: 'x', itemId: `${i + j}` }));
    await world.of(Promise.all(some));
  }
  await world.pass();
  assert.equal(world.waiting, 1000);
  world.goOnline(true);
  await world.pass(3000);
  assert.equal(world.items.length, 1000);
  assert.equal(world.items[0], '50');
  assert.equal(world.dropped, 50);
  await world.track(tracker, 'next');
  await world.pass(2000);
  assert.equal(world.dropped, 50, 'told once');
});

test('a queue over a megabyte drops the oldest', async () => {
  const tracker = world.tracker({ consent: 'local' });
  const impression = Array.from({ length: 25 }, (_, i) => `${i}`.padEnd(240, 'ж'));
  for (let i = 0; i < 120; i++) {
    await world.of(tracker.track({ eventType: 'x', itemId: `${i}`, impression }));
  }
  await world.pass();
  const bytes = Buffer.byteLength(JSON.stringify({ impression }));
  assert.ok(world.waiting <= 2 ** 20 / bytes && world.waiting >= 2 ** 20 / bytes - 3, `${world.waiting}`);
  await world.of(tracker.setConsent('sync'));
  await world.pass(3000);
  assert.equal(world.items.at(-1), '119');
  assert.equal(world.items.length + world.dropped, 120);
});

test('events of more than seven days ago are dropped and counted', async () => {
  const tracker = world.tracker({ consent: 'local' });
  await world.track(tracker, 'old');
  await world.leap(7 * 24 * kHour - kMinute);
  await world.track(tracker, 'new');
  await world.leap(2 * kMinute);
  await world.of(tracker.setConsent('sync'));
  await world.pass(3000);
  assert.deepEqual(world.items, ['new']);
  assert.equal(world.dropped, 1);
});

test('after an outage a thousand devices come back spread out', async () => {
  // Seeded, so that the test says the same every day.
  let seed = 1;
  Math.random.mock.mockImplementation(() => {
    seed = (Math.imul(seed ^ (seed >>> 15), 2246822519) + 3266489917) >>> 0;
    return seed / 2 ** 32;
  });
  const kOutageMs = 30 * kMinute;
  const arrivals = Array.from({ length: 1000 }, () => {
    let at = Math.random() * 1000;
    for (let failures = 0; at < kOutageMs; failures++) at += backOffMs(failures);
    return at - kOutageMs;
  });
  const windows = new Array(5).fill(0); // of a minute: nobody waits for longer than five
  for (const at of arrivals) windows[Math.floor(at / kMinute)]++;
  assert.equal(windows.reduce((sum, count) => sum + count), 1000);
  assert.ok(Math.max(...windows) <= 2 * 200, `${windows}`);
});
