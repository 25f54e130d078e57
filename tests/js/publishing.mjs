// Manifests made and signed by Node's own crypto, and a site that serves them: a second opinion on
// the form that the trainer writes, and the means to write wrong ones.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { bundles } from './fixtures.mjs';

export const kDay = 86_400;
export const now = () => Math.floor(Date.now() / 1000);
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
export const shop = readFileSync(bundles.sims);
export const later = readFileSync(bundles.later);

/** A key pair: `text` is the public key as load() takes it. */
export function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return { text: raw.toString('base64'), privateKey };
}

export const fileOf = (bytes) => ({ sha256: sha256(bytes), bytes: bytes.length });

/** What a manifest of a bundle says; `changes` says otherwise. */
export function manifestOf(bundle, changes = {}) {
  return {
    format: 1,
    dataset: 'shop',
    version: 1,
    createdAt: now(),
    expiresAt: now() + 30 * kDay,
    bundle: fileOf(bundle),
    parts: [fileOf(bundle)],
    ...changes,
  };
}

export function signatureOf(text, { text: keyid, privateKey }, context = 'attune manifest 1\n') {
  const sig = sign(null, Buffer.from(context + text), privateKey).toString('base64');
  return { keyid, algorithm: 'ed25519', sig };
}

/** The text of a manifest's file, signed by the keys. */
export function signed(manifest, ...keys) {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  return JSON.stringify({ signed: text, signatures: keys.map((key) => signatureOf(text, key)) });
}

/** A server of files by path, with ETags, on the loopback. */
export class Site {
  files = new Map();
  /** Paths asked for, with the status they got. */
  requests = [];
  headers = [];
  /** (path) => [status, headers] instead of a file, or undefined. */
  trouble = () => undefined;
  #server = createServer((request, response) => this.#answer(request, response));

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get base() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  get manifest() {
    return `${this.base}/shop/manifest.json`;
  }

  /** Serves a bundle, whole or in parts. */
  putFile(...parts) {
    for (const part of parts) this.files.set(`/shop/${sha256(part)}.attune`, part);
  }

  /** Serves a manifest's text and the bundle's file. */
  publish(text, bundle = shop) {
    this.putFile(bundle);
    this.files.set('/shop/manifest.json', Buffer.from(text));
  }

  /** Statuses of the requests since the last look, of paths that match. */
  seen(pattern = /./) {
    return this.requests.splice(0).filter(([path]) => pattern.test(path)).map(([, status]) => status);
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request, response) {
    this.headers.push(request.headers);
    const trouble = this.trouble(request.url);
    const body = this.files.get(request.url);
    const etag = body && `"${sha256(body).slice(0, 16)}"`;
    const known = request.headers['if-none-match'] === etag && body;
    const [status, headers] = trouble ?? [body ? (known ? 304 : 200) : 404, {}];
    this.requests.push([request.url, status]);
    response.writeHead(status, { ...(etag && { etag }), ...headers });
    response.end(status === 200 ? body : undefined);
  }
}
