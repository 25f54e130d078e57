// What senders that never finish a header cost the others: latencies of POST /v1/events (10 events each,
// at a steady rate) in turns without and with so many connections that send a byte of a header a second
// and come back when they are closed. One JSON line.
//   node tests/bench/slow-senders.mjs [SENDERS=1000] [SECONDS a turn=15] [TURNS=3] [REQUESTS a second=100]
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus } from 'node:os';

import { NO_LIMITS, Place, start } from '../js/collector.mjs';
import { agent, ask, figures, steadily, tenEvents } from './asking.mjs';

const [senders = 1000, seconds = 15, turns = 3, rate = 100] = process.argv.slice(2).map(Number);

/** Keeps the connections slow until stop(); counts how often they were closed. */
function slowSenders(server, count) {
  let closed = 0, running = true;
  const sockets = new Set();
  const open = () => {
    const socket = connect({ host: '127.0.0.1', port: server.port }, () =>
      socket.write('POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '));
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => {
      sockets.delete(socket);
      if (!running) return;
      closed++;
      open();
    }).resume();
  };
  for (let i = 0; i < count; i++) open();
  const timer = setInterval(() => sockets.forEach((socket) => socket.write('x')), 1000);
  return {
    stop: () => {
      running = false;
      clearInterval(timer);
      sockets.forEach((socket) => socket.destroy());
      return closed;
    },
  };
}

const times = { without: [], with: [] };
let closed = 0, peakBytes = 0;
const place = new Place();
for (let turn = 0; turn < turns; turn++) {
  for (const name of ['without', 'with']) {
    const server = await start(place, { config: NO_LIMITS, level: 'error' });
    const slow = slowSenders(server, name === 'with' ? senders : 0);
    const posts = [];
    await steadily(seconds * rate, rate, () => posts.push(ask(server, '/v1/events', 'POST', tenEvents(place))));
    times[name].push(...(await Promise.all(posts)));
    closed += slow.stop();
    if (name === 'with')
      peakBytes = Math.max(peakBytes, 1024 * /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]);
    await server.stop();
  }
}
place.remove();
agent.destroy();
console.log(JSON.stringify({ bench: 'slow-senders', senders, requestsPerSecond: rate, without: figures(times.without),
  with: figures(times.with), closed, serverPeakBytes: peakBytes, machine: `${cpus()[0].model}, ${cpus().length} cores` }));
