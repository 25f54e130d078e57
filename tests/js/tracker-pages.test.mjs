// Pages that go while events wait, and tabs that share a queue.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { answer, networkError, World } from './tracker-world.mjs';

let world;
beforeEach(() => (world = new World({ random: Math.random })));
afterEach(async () => {
  assert.deepEqual(world.unhandled, []);
  await world.end();
});

const requests = () => world.bodies.length;

describe('a page that is hidden or goes', () => {
  for (const event of ['visibilitychange', 'pagehide']) {
    test(`sends on ${event} what it has not sent, with keepalive, and reads the answer`, async () => {
      const tracker = world.tracker();
      await world.track(tracker, 'a', 'b');
      world.hide(event);
      assert.equal(requests(), 1, 'at once, before anything else may run');
      assert.equal(world.bodies[0].keepalive, true);
      world.hide('pagehide');
      assert.equal(requests(), 1, 'once');
      await world.pass(3000);
      assert.deepEqual(world.items, ['a', 'b']);
      assert.equal(world.received.length, 2);
      assert.equal(world.waiting, 0);
    });
  }

  test('sends at most 60 KiB', async () => {
    const tracker = world.tracker({ flushIntervalMs: 1e6 });
    const properties = { text: 'x'.repeat(1000) };
    const all = Array.from({ length: 80 }, () => tracker.track({ eventType: 'x', properties }));
    world.fault = answer(503);
    await world.of(Promise.all(all));
    world.hide();
    for (const { body } of world.bodies) assert.ok(Buffer.byteLength(body) <= 60 * 1024);
  });

  test('keeps what was not answered, and sends it when it is seen again', async () => {
    const tracker = world.tracker();
    world.fault = networkError;
    await world.track(tracker, 'a');
    world.hide();
    await world.pass(100);
    assert.equal(world.waiting, 1);
    world.fault = undefined;
    world.show();
    await world.pass(3000);
    assert.deepEqual(world.items, ['a']);
    assert.equal(world.waiting, 0);
  });

  test('hands a beacon to a browser without keepalive, and believes nothing', async () => {
    const real = Object.getOwnPropertyDescriptor(Request.prototype, 'keepalive');
    delete Request.prototype.keepalive;
    const beacons = [];
    world.navigator.sendBeacon = (url, body) => beacons.push({ url, body }) < 0;
    const tracker = world.tracker({ flushIntervalMs: 10_000 });
    await world.track(tracker, 'a');
    world.hide();
    world.hide('pagehide');
    assert.equal(beacons.length, 1);
    assert.equal(JSON.parse(beacons[0].body).events[0].itemId, 'a');
    assert.equal(world.waiting, 1);
    world.show();
    await world.pass(11_000);
    assert.deepEqual(world.items, ['a']);
    Object.defineProperty(Request.prototype, 'keepalive', real);
  });

  test('sends nothing while the collector wants peace or the network is gone', async () => {
    const tracker = world.tracker();
    await world.track(tracker, 'a');
    world.goOnline(false);
    world.hide();
    assert.equal(requests(), 0);
    world.goOnline(true);
    world.fault = answer(503, { 'Retry-After': '600' });
    await world.pass(3000);
    assert.equal(requests(), 1);
    world.hide();
    assert.equal(requests(), 1);
  });

  test('does not send what another tab has sent meanwhile', async () => {
    const [tracker, other] = [world.tracker({ flushIntervalMs: 10_000 }), world.tracker()];
    await world.track(tracker, 'a');
    assert.equal(await world.of(other.flush()), true);
    assert.equal(await world.of(tracker.flush()), true);
    world.hide();
    assert.equal(world.received.length, 1);
  });
});

describe('tabs', () => {
  test('send one at a time under a Web Lock', async () => {
    let isHeld = false;
    let most = 0;
    let work = Promise.resolve();
    world.navigator.locks = {
      request: (name, act) => (work = work.then(async () => {
        assert.equal(name, 'attune-tracker');
        assert.equal(isHeld, false);
        isHeld = true;
        most++;
        const result = await act();
        isHeld = false;
        return result;
      })),
    };
    const trackers = [world.tracker(), world.tracker(), world.tracker()];
    for (const [i, tracker] of trackers.entries()) await world.track(tracker, `${i}`);
    await world.pass(3000);
    assert.equal(world.received.length, 3);
    assert.ok(most >= 2);
  });

  test('send one at a time under a lease where locks are missing or refused', async () => {
    for (const locks of [undefined, { request: () => Promise.reject(new DOMException('no', 'SecurityError')) }]) {
      world.navigator.locks = locks;
      let under = 0;
      world.fault = async (batch) => {
        assert.equal(++under, 1);
        await new Promise((resolve) => setTimeout(resolve, 500));
        under--;
        return world.acknowledge(batch);
      };
      const trackers = [world.tracker(), world.tracker()];
      world.events.length = world.received.length = 0;
      for (const [i, tracker] of trackers.entries()) await world.track(tracker, `${i}`);
      await world.pass(8000);
      assert.deepEqual(world.items.sort(), ['0', '1']);
      assert.equal(world.received.length, 2);
      for (const tracker of trackers) tracker.dispose();
    }
  });

  test('take over the lease of a tab that died', async () => {
    const dead = world.tracker();
    world.fault = () => new Promise(() => {});
    await world.track(dead, 'a');
    await world.pass(1500);
    dead.dispose();
    world.fault = undefined;
    const heir = world.tracker();
    assert.equal(await world.of(heir.flush()), false);
    await world.leap(45_000);
    await world.pass(4000);
    assert.deepEqual(world.items, ['a']);
  });
});
