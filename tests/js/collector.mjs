// Starts the real `attune serve` on free ports, for the collector's tests.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ATTUNE =
  process.env.ATTUNE_BIN ?? fileURLToPath(new URL('../../build/native/attune', import.meta.url));
export const ORIGIN = 'https://shop.example';

/** Runs attune to its end. */
export function attune(...words) {
  const run = spawnSync(ATTUNE, words, { encoding: 'utf8' });
  if (run.error) throw run.error;
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** A folder with a store (or beside the one given) and one event tracker; gone after remove(). */
export class Place {
  constructor(store) {
    this.folder = mkdtempSync(join(tmpdir(), 'attune-collector-'));
    this.store = store ?? this.file('store.db');
    this.key = this.newKey('shop', ORIGIN);
  }

  file(name, text) {
    const path = join(this.folder, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  }

  newKey(name, ...origins) {
    const made = attune('tracker', '--store', this.store, '--create', name, '--json',
      ...origins.flatMap((origin) => ['--origin', origin]));
    if (made.code !== 0) throw new Error(made.err);
    return JSON.parse(made.out).trackingId;
  }

  /** Imports rows of a data set: `fields` is a list of [name, Avro type], `lines` of CSV lines. */
  import(type, fields, lines, mode = 'full') {
    const schema = this.file(`${type}.avsc`, JSON.stringify({
      type: 'record', name: type[0].toUpperCase() + type.slice(1),
      namespace: 'com.amazonaws.personalize.schema', version: '1.0',
      fields: fields.map(([name, of]) => ({ name, type: of })),
    }));
    const csv = this.file(`${type}.csv`, `${fields.map(([name]) => name)}\n${lines.join('\n')}\n`);
    const done = attune('import', '--store', this.store, '--type', type, '--schema', schema,
      '--mode', mode, csv);
    if (done.code !== 0) throw new Error(done.err);
  }

  /** Trains popularity and tells [{itemId, score}] of what the collector brought. */
  popularItems(user = 'nobody') {
    const bundle = this.file('model.attune');
    const trained = attune('train', '--store', this.store, '--recipe', 'popularity-count',
      '--validation', 'none', '--output', bundle);
    if (trained.code !== 0) throw new Error(trained.err);
    const answers = this.file('answers.jsonl');
    const asked = attune('recommend', '--bundle', bundle,
      '--input', this.file('requests.jsonl', `${JSON.stringify({ userId: user })}\n`), '--output', answers);
    if (asked.code !== 0) throw new Error(asked.err);
    return { answers, said: trained.out + trained.err };
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts the collector; `wrap` are words before the command, as strace's. */
export async function start(place, { config, wrap = [], level = 'debug' } = {}) {
  const words = [...wrap, ATTUNE, 'serve', '--store', place.store, '--listen', '127.0.0.1:0',
    '--admin-listen', '127.0.0.1:0', '--log-level', level];
  if (config) words.push('--config', place.file('serve.json', JSON.stringify(config)));
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { child, log: '', exit: once(child, 'exit') };
  child.stderr.on('data', (bytes) => { server.log += bytes; });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), server.exit.then(() => null)]);
  if (!first) throw new Error(`attune serve ended: ${server.log}`);
  const addresses = JSON.parse(first[0]);
  server.port = Number(addresses.listen.split(':').pop());
  server.url = `http://${addresses.listen}`;
  server.adminUrl = `http://${addresses.adminListen}`;
  server.stop = async (signal = 'SIGTERM') => {
    child.kill(signal);
    const [code] = await server.exit;
    return code;
  };
  return server;
}

export const NO_LIMITS = {
  rateLimits: { perAddress: { requestsPerSecond: 0 }, perTracker: { requestsPerSecond: 0 }, perUser: { eventsPerMinute: 0 } },
};

export const nowSeconds = () => Date.now() / 1000;

/** One event of a tracker's batch. */
export const event = (eventId, more = {}) => ({
  eventId, sessionId: 's1', eventType: 'click', itemId: 'i1', sentAt: nowSeconds(), ...more,
});

/** A tracker's batch. */
export const batch = (key, events, more = {}) => ({ trackingId: key, sentAt: nowSeconds(), events, ...more });

/** Posts JSON (or bytes as they are) and reads the reply. */
export async function post(url, body, headers = {}) {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const reply = await fetch(url, {
    method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers },
  });
  const said = await reply.text();
  let json;
  try {
    json = JSON.parse(said);
  } catch {
    json = undefined; // not every reply is JSON
  }
  return { status: reply.status, json, text: said, headers: reply.headers };
}

export const get = async (url, headers = {}) => {
  const reply = await fetch(url, { headers });
  return { status: reply.status, text: await reply.text(), headers: reply.headers };
};

/** One figure of /metrics; 0 when it is not there. */
export async function metric(server, name) {
  const { text } = await get(`${server.adminUrl}/metrics`);
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line ? Number(line.slice(name.length + 1)) : 0;
}

/** Waits until `holds` does, for up to `seconds`. */
export async function eventually(holds, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (await holds()) return true;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  return false;
}
