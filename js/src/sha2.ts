// SHA-256 and SHA-512 (FIPS 180-4) for hosts without WebCrypto: pages without https. Their constants
// are the first bits of roots of the first primes, so they are computed.

const kMask = (1n << 64n) - 1n;

const primes = Array.from({ length: 410 }, (_, i) => i).filter((n) => {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
});

/** The first 64 bits behind the point of the square root (or cube root) of a prime. */
function rootBits(prime: number, power: 2n | 3n): bigint {
  const value = BigInt(prime) << (64n * power);
  let root = 0n;
  for (let bit = 1n << 70n; bit; bit >>= 1n) if ((root | bit) ** power <= value) root |= bit;
  return root & kMask;
}

const initial = primes.slice(0, 8).map((prime) => rootBits(prime, 2n));
const steps = primes.slice(0, 80).map((prime) => rootBits(prime, 3n));

/** The message with its padding, to whole blocks: a one bit, zeros, the length in bits. */
function padded(bytes: Uint8Array, block: 64 | 128): DataView {
  const length = Math.ceil((bytes.length + 1 + block / 8) / block) * block;
  const message = new Uint8Array(length);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setBigUint64(length - 8, BigInt(bytes.length) * 8n);
  return view;
}

/** Takes a copy of the message: for files up to what fits into memory twice. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 64);
  const k = Uint32Array.from(steps.slice(0, 64), (step) => Number(step >> 32n));
  const state = Uint32Array.from(initial, (word) => Number(word >> 32n));
  const w = new Uint32Array(64);
  const turn = (x: number, by: number) => (x >>> by) | (x << (32 - by));
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + 4 * i);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15]!;
      const b = w[i - 2]!;
      const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[i] = w[i - 16]! + low + w[i - 7]! + high;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as Eight<number>;
    for (let i = 0; i < 64; i++) {
      const high = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const first = (h + high + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
      const low = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const second = low + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i]! += word));
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setUint32(4 * i, word));
  return new Uint8Array(digest.buffer);
}

/** For short messages: it counts in BigInt. */
export function sha512(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 128);
  const state = [...initial];
  const turn = (x: bigint, by: bigint) => ((x >> by) | (x << (64n - by))) & kMask;
  for (let block = 0; block < view.byteLength; block += 128) {
    const w = Array.from({ length: 16 }, (_, i) => view.getBigUint64(block + 8 * i));
    for (let i = 16; i < 80; i++) {
      const a = w[i - 15]!;
      const b = w[i - 2]!;
      const low = turn(a, 1n) ^ turn(a, 8n) ^ (a >> 7n);
      const high = turn(b, 19n) ^ turn(b, 61n) ^ (b >> 6n);
      w.push((w[i - 16]! + low + w[i - 7]! + high) & kMask);
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as Eight<bigint>;
    for (let i = 0; i < 80; i++) {
      const high = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
      const first = h + high + ((e & f) ^ (~e & kMask & g)) + steps[i]! + w[i]!;
      const low = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
      const second = low + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e] = [g, f, e, (d + first) & kMask];
      [d, c, b, a] = [c, b, a, (first + second) & kMask];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i]! + word) & kMask));
  }
  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => digest.setBigUint64(8 * i, word));
  return new Uint8Array(digest.buffer);
}

type Eight<T> = [T, T, T, T, T, T, T, T];
