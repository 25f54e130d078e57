// A visitor's history in a signed cookie: HMAC-SHA-256 over its name, whose it is, and the bytes.
import { invalid } from './check.js';
import { hmac, isHmac } from './digest.js';
import type { HistoryCookie } from './edge-types.js';

const kVersion = 'v1';
/** Browsers keep 4096 bytes of name, value and attributes. */
export const kMaxCookieBytes = 3800;
const kMinSecretCharacters = 16;

export class SignedCookie {
  readonly #name: string;
  readonly #secrets: readonly string[];
  readonly #maxAgeSeconds: number;

  constructor({ secret, name = 'attune_history', maxAgeDays = 30 }: HistoryCookie) {
    this.#secrets = typeof secret === 'string' ? [secret] : [...secret];
    if (!this.#secrets.length || this.#secrets.some((one) => one.length < kMinSecretCharacters)) {
      throw invalid(`cookie.secret: must have at least ${kMinSecretCharacters} characters`);
    }
    if (!/^[\w.-]{1,64}$/.test(name)) throw invalid(`cookie.name: ${name} is not of letters, digits, _, . and -`);
    if (!(maxAgeDays > 0 && maxAgeDays <= 400)) throw invalid('cookie.maxAgeDays: must be above 0 and at most 400');
    this.#name = name;
    this.#maxAgeSeconds = Math.round(maxAgeDays * 86_400);
  }

  /** The bytes in a Cookie header; undefined when there are none for this user, or they are forged. */
  async read(header: string | null, user: string): Promise<Uint8Array | undefined> {
    const start = `${this.#name}=`;
    const found = header?.split(/; */).find((pair) => pair.startsWith(start));
    const [version, payload, signature] = found?.slice(start.length).split('.') ?? [];
    if (version !== kVersion || !payload || !signature) return undefined;
    const [bytes, mac] = [fromBase64Url(payload), fromBase64Url(signature)];
    if (!bytes || !mac) return undefined;
    for (const secret of this.#secrets) {
      if (await isHmac(mac, secret, this.#signed(user, payload))) return bytes;
    }
    return undefined;
  }

  /** A Set-Cookie header, or undefined when the bytes are too many for a cookie. */
  async write(user: string, bytes: Uint8Array): Promise<string | undefined> {
    const payload = toBase64Url(bytes);
    const mac = await hmac(this.#secrets[0]!, this.#signed(user, payload));
    const pair = `${this.#name}=${kVersion}.${payload}.${toBase64Url(mac)}`;
    if (pair.length > kMaxCookieBytes) return undefined;
    return `${pair}; Path=/; Max-Age=${this.#maxAgeSeconds}; HttpOnly; Secure; SameSite=Lax`;
  }

  #signed(user: string, payload: string): string {
    return JSON.stringify([kVersion, this.#name, user, payload]);
  }
}

function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
