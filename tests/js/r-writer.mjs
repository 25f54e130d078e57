// Writes R's serialization and lazy-load databases: just enough to say what a reader must
// understand.
import { deflateSync, gzipSync } from 'node:zlib';

export const i32 = (...values) =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      return bytes;
    }),
  );
const f64 = (value) => {
  const b = Buffer.alloc(8);
  b.writeDoubleBE(value);
  return b;
};
export const NIL = i32(254);
export const NA_INTEGER = -2147483648;
export const NA_REAL = Buffer.from('7ff00000000007a2', 'hex');
export const text = (value, encoding = 'utf8') =>
  value === null
    ? i32(9, -1)
    : Buffer.concat([
        i32(9 | (encoding === 'latin1' ? 0x4000 : 0x8000), Buffer.byteLength(value, encoding)),
        Buffer.from(value, encoding),
      ]);
export const symbol = (name) => Buffer.concat([i32(1), text(name)]);
export const reference = (index) => i32(255 | (index << 8));
const flagged = (type, attributes) => i32(type | (attributes ? 0x200 : 0));
const pairs = (entries) =>
  Buffer.concat([
    ...entries.map(([tag, value]) => Buffer.concat([i32(2 | 0x400), tag, value])),
    NIL,
  ]);
const withPairs = (body, attributes) =>
  attributes ? Buffer.concat([body, pairs(attributes)]) : body;
export const ints = (values, attributes) =>
  withPairs(Buffer.concat([flagged(13, attributes), i32(values.length, ...values)]), attributes);
export const reals = (values) =>
  Buffer.concat([
    i32(14, values.length),
    ...values.map((value) => (Buffer.isBuffer(value) ? value : f64(value))),
  ]);
export const strings = (values) =>
  Buffer.concat([i32(16, values.length), ...values.map((v) => text(v))]);
export const list = (values, attributes) =>
  withPairs(Buffer.concat([flagged(19, attributes), i32(values.length), ...values]), attributes);
const named = (entries) =>
  list(
    entries.map(([, value]) => value),
    [[symbol('names'), strings(entries.map(([name]) => name))]],
  );
export const file = (body, version = 3) =>
  Buffer.concat([
    Buffer.from('X\n'),
    i32(version, 0x40001, 0x30500),
    version === 3 ? Buffer.concat([i32(5), Buffer.from('UTF-8')]) : Buffer.alloc(0),
    body,
  ]);

export function record(content, typeByte = '') {
  return Buffer.concat([i32(content.length), Buffer.from(typeByte), deflateSync(content)]);
}

/** The two files of a database holding `objects` (name -> record bytes). */
export function database(objects) {
  let offset = 0;
  const places = Object.entries(objects).map(([name, bytes]) => {
    const place = [name, ints([offset, bytes.length])];
    offset += bytes.length;
    return place;
  });
  const index = named([
    ['variables', named(places)],
    ['references', list([])],
  ]);
  return { index: gzipSync(file(index)), data: Buffer.concat(Object.values(objects)) };
}
