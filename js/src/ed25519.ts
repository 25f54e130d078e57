// Verifies Ed25519 signatures (RFC 8032, 5.1) for hosts whose WebCrypto cannot: Chromium before 137,
// Firefox before 129, pages without https. All it works with is public, so nothing needs to take the
// same time; it takes some 20 ms, once for each manifest.
import { sha512 } from './sha2.js';

const p = 2n ** 255n - 19n;
/** The order of the base point. */
const kOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A point (x, y) as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z. */
type Point = readonly [bigint, bigint, bigint, bigint];

const modulo = (value: bigint) => ((value % p) + p) % p;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = modulo(base); exponent; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

const inverse = (value: bigint) => power(value, p - 2n);
const d = modulo(-121665n * inverse(121666n));
const kRootOfMinusOne = power(2n, (p - 1n) / 4n);
const kNeutral: Point = [0n, 1n, 1n, 0n];

/** Adds or doubles (5.1.4; complete, so that no case is special). */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = modulo((y1 - x1) * (y2 - x2));
  const b = modulo((y1 + x1) * (y2 + x2));
  const c = modulo(2n * d * t1 * t2);
  const e = modulo(2n * z1 * z2);
  return [
    modulo((b - a) * (e - c)),
    modulo((e + c) * (b + a)),
    modulo((e - c) * (e + c)),
    modulo((b - a) * (b + a)),
  ];
}

/** The point with this y whose x is odd or even (5.1.3); undefined: there is none. */
function pointOf(y: bigint, odd: boolean): Point | undefined {
  if (y >= p) return undefined;
  const u = modulo(y * y - 1n);
  const v = modulo(d * y * y + 1n);
  let x = modulo(u * v ** 3n * power(u * v ** 7n, (p - 5n) / 8n));
  const square = modulo(v * x * x);
  if (square === modulo(-u)) x = (x * kRootOfMinusOne) % p;
  else if (square !== u) return undefined;
  if (x === 0n && odd) return undefined;
  if ((x & 1n) === 1n !== odd) x = p - x;
  return [x, y, 1n, (x * y) % p];
}

function number(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * Whether `signature` (64 bytes) is that of `message` by the private half of `key` (32 bytes), as
 * OpenSSL decides it: [s]B - [k]A must be written exactly as R is.
 */
export function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const written = number(key);
  const publicPoint = pointOf(written & (2n ** 255n - 1n), written >> 255n === 1n);
  const s = number(signature.subarray(32));
  if (!publicPoint || s >= kOrder) return false;
  const hashed = new Uint8Array(64 + message.length);
  hashed.set(signature.subarray(0, 32));
  hashed.set(key, 32);
  hashed.set(message, 64);
  const k = number(sha512(hashed)) % kOrder;
  const [x, y, z, t] = publicPoint;
  const base = pointOf(modulo(4n * inverse(5n)), false)!;
  const [rx, ry, rz] = sum(s, base, k, [modulo(-x), y, z, modulo(-t)]);
  const scale = inverse(rz);
  const r = modulo(ry * scale) | ((modulo(rx * scale) & 1n) << 255n);
  return r === number(signature.subarray(0, 32));
}

/** [s]B + [k]A, both at once. */
function sum(s: bigint, b: Point, k: bigint, a: Point): Point {
  const both = add(a, b);
  let point = kNeutral;
  for (let bit = 252n; bit >= 0n; bit--) {
    point = add(point, point);
    const [ofS, ofK] = [(s >> bit) & 1n, (k >> bit) & 1n];
    if (ofS || ofK) point = add(point, ofS && ofK ? both : ofS ? b : a);
  }
  return point;
}
