// Makes a bundle of an older one and a delta, which ../../trainer/export/delta.h describes. To this
// file both are just bytes.

const kMagic = 0x4c445441; // "ATDL"
const kHeaderBytes = 12;
const kRecordBytes = 12;
const kBytesARecord = 8;

/**
 * What a delta makes of the older bundle, of just `length` bytes. Rejects for a delta that is none or
 * does not fit, and where streams cannot be decompressed. Takes memory of about 3 times `length`.
 */
export async function applyDelta(
  older: Uint8Array,
  delta: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const mostRecords = Math.floor(length / kBytesARecord) + 2;
  const bytes = await unfold(delta, kHeaderBytes + mostRecords * kRecordBytes + length);
  const view = new DataView(bytes.buffer, 0, bytes.length);
  const word = (at: number) => view.getUint32(at, true);
  if (bytes.length < kHeaderBytes || word(0) !== kMagic || word(4) !== length) throw misfit();
  const count = word(8);
  const records = Array.from({ length: count <= mostRecords ? count : 0 }, (_, i) => {
    const at = kHeaderBytes + i * kRecordBytes;
    if (at + kRecordBytes > bytes.length) throw misfit();
    return { copy: word(at), from: word(at + 4), insert: word(at + 8) };
  });
  const copied = records.reduce((sum, { copy }) => sum + copy, 0);
  const inserted = records.reduce((sum, { insert }) => sum + insert, 0);
  let add = kHeaderBytes + count * kRecordBytes;
  if (copied + inserted !== length || bytes.length !== add + length) throw misfit();
  if (records.some(({ copy, from }) => from + copy > older.length)) throw misfit();
  let insertion = add + copied;
  const newer = new Uint8Array(length);
  let at = 0;
  for (const { copy, from, insert } of records) {
    for (let i = 0; i < copy; i++) newer[at++] = older[from + i]! + bytes[add++]!;
    newer.set(bytes.subarray(insertion, insertion + insert), at);
    insertion += insert;
    at += insert;
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
    if (length + value.length > most) {
      void reader.cancel().catch(() => {});
      throw misfit();
    }
    bytes.set(value, length);
    length += value.length;
  }
}

function misfit(): Error {
  return new Error('the delta does not fit');
}
