// The signed manifest of a published bundle: what is in it and whether it may be believed. The form
// is described in ../../trainer/export/manifest.h.
import { invalid, show } from './check.js';
import { AttuneError, type LocalErrorCode, partOf } from './errors.js';
import type { Platform } from './load.js';
import type { PublicKeys } from './types.js';

const kFormat = 1;
const kSignedContext = 'attune manifest 1\n';
const kMaxParts = 256;
const kMaxBytes = 2 ** 31 - 1;
const kPublicKey = /^[A-Za-z0-9+/]{43}=$/;

/** A file by its content: it lies beside the manifest as `<sha256>.attune`. */
export interface PublishedFile {
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** `later`: items' metadata alone, without which a bundle can be opened too. */
export interface PublishedPart extends PublishedFile {
  readonly later: boolean;
}

/** What makes the bundle of an older one. */
export interface PublishedDelta extends PublishedFile {
  /** SHA-256 of the whole older bundle. */
  readonly from: string;
}

export interface Manifest {
  readonly dataset: string;
  readonly version: number;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  readonly bundle: PublishedFile;
  /** The files that make the bundle, one behind the other. */
  readonly parts: readonly PublishedPart[];
  /** Shorter ways from older bundles: `<sha256>.delta` beside the manifest. */
  readonly deltas: readonly PublishedDelta[];
  /** SHA-256 of what was signed. */
  readonly digest: string;
}

export function fail(code: LocalErrorCode | 'UNSUPPORTED_VERSION', message: string): AttuneError {
  return new AttuneError(code, message);
}

/** Refuses what is neither 'none' nor one or more public keys. */
export function checkPublicKeys(keys: PublicKeys): PublicKeys {
  if (keys === 'none') return keys;
  const list = Array.isArray(keys) ? (keys as readonly unknown[]) : [];
  for (const key of list) {
    if (typeof key !== 'string' || !kPublicKey.test(key))
      throw invalid(`publicKeys: ${show(key)} is not a key of attune keygen (44 characters)`);
  }
  if (list.length) return keys;
  throw invalid(`publicKeys: ${show(keys)} is neither a list of one or more keys nor 'none'`);
}

/**
 * Reads the text of a manifest's file. Nothing of what is signed is looked at before a signature by
 * one of the keys is found right. Errors `BAD_MANIFEST`, `BAD_SIGNATURE`, `UNSUPPORTED_VERSION`.
 */
export async function openManifest(text: string, keys: PublicKeys): Promise<Manifest> {
  const { signed, signatures } = members(parse(text), 'signed', 'signatures');
  if (typeof signed !== 'string' || /\p{Surrogate}/u.test(signed) || !Array.isArray(signatures))
    throw contradiction('it has no "signed" text with "signatures"');
  const bytes = new TextEncoder().encode(kSignedContext + signed);
  if (keys !== 'none' && !(await isSigned(bytes, signatures, keys)))
    throw fail('BAD_SIGNATURE', 'manifest: signed by none of the publicKeys');
  return { ...readManifest(parse(signed)), digest: await sha256(bytes) };
}

/** SHA-256 in hexadecimal digits, as the host computes it. */
export async function sha256(bytes: Uint8Array, digest: Platform['digest'] = digestWhole): Promise<string> {
  return Array.from(await digest(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function isSigned(
  message: Uint8Array,
  signatures: readonly unknown[],
  keys: readonly string[],
): Promise<boolean> {
  for (const one of signatures) {
    const { keyid, algorithm, sig } = members(one, 'keyid', 'algorithm', 'sig');
    if (algorithm !== 'ed25519' || !keys.includes(keyid as string)) continue;
    if (typeof sig === 'string' && (await verify(keyid as string, message, sig))) return true;
  }
  return false;
}

async function verify(key: string, message: Uint8Array, signature: string): Promise<boolean> {
  const [keyBytes, bytes] = [fromBase64(key), fromBase64(signature)];
  if (bytes.length !== 64) return false;
  const subtle = globalThis.crypto?.subtle;
  const name = 'Ed25519';
  // A host that does not know Ed25519 refuses the key.
  const imported = await subtle?.importKey('raw', keyBytes, { name }, false, ['verify']).catch(() => undefined);
  if (imported && subtle)
    return subtle.verify({ name }, imported, bytes, message as Uint8Array<ArrayBuffer>).catch(() => false);
  const { verifyEd25519 } = await partOf(import('./ed25519.js'));
  return verifyEd25519(keyBytes, message, bytes);
}

async function digestWhole(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return (await partOf(import('./sha2.js'))).sha256(bytes);
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

/** The bytes; none for what is not base64. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

function readManifest(document: unknown): Omit<Manifest, 'digest'> {
  const { format, dataset, version, expiresAt, bundle, parts, deltas } = members(
    document,
    ...['format', 'dataset', 'version', 'expiresAt', 'bundle', 'parts', 'deltas'],
  );
  if (whole('format', format) !== kFormat) {
    const message = `manifest: its format is ${format}, this package knows ${kFormat}: update it`;
    throw fail('UNSUPPORTED_VERSION', message);
  }
  if (typeof dataset !== 'string' || dataset === '') throw contradiction('it has no "dataset"');
  if (!Array.isArray(parts) || parts.length > kMaxParts) throw contradiction('its "parts" are wrong');
  if (!Array.isArray(deltas ?? [])) throw contradiction('its "deltas" are wrong');
  const manifest = {
    dataset,
    version: whole('version', version),
    expiresAt: whole('expiresAt', expiresAt),
    bundle: readFile(bundle),
    parts: parts.map(readPart),
    deltas: ((deltas ?? []) as unknown[]).map(readDelta),
  };
  const total = manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const other = parts.length === 1 && manifest.parts[0]!.sha256 !== manifest.bundle.sha256;
  if (other || total !== manifest.bundle.bytes) throw contradiction('its "parts" do not make its bundle');
  return manifest;
}

function readFile(value: unknown): PublishedFile {
  const { sha256, bytes } = members(value, 'sha256', 'bytes');
  return { sha256: hash(sha256), bytes: whole('bytes', bytes, kMaxBytes) };
}

function readPart(value: unknown): PublishedPart {
  const { later = false } = members(value, 'later');
  if (typeof later !== 'boolean') throw contradiction(`its "later" is ${show(later)}`);
  return { ...readFile(value), later };
}

function readDelta(value: unknown): PublishedDelta {
  const { from } = members(value, 'from');
  return { ...readFile(value), from: hash(from) };
}

function hash(value: unknown): string {
  if (typeof value === 'string' && /^[\da-f]{64}$/.test(value)) return value;
  throw contradiction(`${show(value)} is no SHA-256`);
}

function whole(name: string, value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= most)
    return value as number;
  throw contradiction(`its "${name}" is ${show(value)}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AttuneError('BAD_MANIFEST', `manifest: not JSON: ${cause}`, { cause });
  }
}

/** Members of an object; all undefined for what is none. */
function members(value: unknown, ...names: string[]): Record<string, unknown> {
  const object = value !== null && typeof value === 'object' ? value : {};
  return Object.fromEntries(
    names.map((name) => [name, Object.hasOwn(object, name) ? object[name as never] : undefined]),
  );
}

function contradiction(what: string): AttuneError {
  return fail('BAD_MANIFEST', `manifest: ${what}`);
}
