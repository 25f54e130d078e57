// Makes a bundle of an older one and a delta, which ../../trainer/export/delta.h describes. To this
// file both are just bytes.
import { check, rearranged } from './rearrange.js';

const kMagic = 0x32445441; // "ATD2"
const kHeaderBytes = 24;
const kMostOtherTables = 200_000;

/**
 * What a delta makes of the older bundle, of just `length` bytes. Rejects for a delta that is none or
 * does not fit, and where streams cannot be decompressed. Takes memory of about 6 times `length`.
 */
export async function applyDelta(
  older: Uint8Array,
  delta: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const bytes = await unfold(delta, kHeaderBytes + kMostOtherTables + 4 * length);
  let at = kHeaderBytes;
  const triple = () =>
    new Uint32Array(bytes.buffer, (at += 12) - 12, 3) as unknown as readonly [number, number, number];
  const triples = (count: number) => Array.from({ length: count }, triple);
  const [magic, size, runs, steps, ranges, records] = new Uint32Array(bytes.buffer, 0, 6);
  const tables = 12 * (runs! + steps! + ranges! + records!);
  check(magic === kMagic && size === length && bytes.length === kHeaderBytes + tables + length);

  const base = rearranged(older, triples(runs!), triples(steps!), older.length + length);
  const offsetRanges = triples(ranges!);
  const pieces = triples(records!);

  const newer = new Uint8Array(length);
  let end = 0;
  for (const [copy, from, insert] of pieces) {
    check(from + copy <= base.length && end + copy + insert <= length);
    for (let i = 0; i < copy; i++) newer[end++] = base[from + i]! + bytes[at++]!;
    newer.set(bytes.subarray(at, (at += insert)), end);
    end += insert;
  }
  check(end === length);
  end = 0;
  for (const [begin, count] of offsetRanges) {
    check(begin >= end);
    end = begin + 4 * count;
    const offsets = new Uint32Array(newer.buffer, begin, count);
    for (let i = 1; i < count; i++) offsets[i]! += offsets[i - 1]!;
  }
  return newer;
}

/** Decompresses to at most so many bytes: a few compressed ones may stand for very many. */
async function unfold(compressed: Uint8Array, most: number): Promise<Uint8Array> {
  const stream = new Blob([compressed as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'));
  const bytes = new Uint8Array(most);
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    // Throws where there are more; what nobody reads is not decompressed either.
    bytes.set(value, length);
    length += value.length;
  }
}
