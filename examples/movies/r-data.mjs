// A reader of R's data files, as far as the example needs them: the serialization that
// `saveRDS` writes (XDR form, versions 2 and 3) and the lazy-load database R packages keep their
// data in. Both formats are described in "R Internals", sections 1.8 and 1.17.
//
// Values become plain JavaScript: NULL -> null, vectors -> arrays (NA -> null), lists -> arrays.
// A value with attributes carries them as an `attributes` object of the array; pairlists become
// arrays with a `names` attribute, as in R.

import { gunzipSync, inflateSync } from 'node:zlib';

const TYPE = {
  symbol: 1,
  pairlist: 2,
  string: 9,
  logical: 10,
  integer: 13,
  real: 14,
  strings: 16,
  list: 19,
  altrep: 238,
  nil: 254,
  reference: 255,
};
const FLAG = { attributes: 0x200, tag: 0x400, latin1: 0x4000 };
const NA_INTEGER = -2147483648;
const NA_REAL_LOW_WORD = 1954;
const MAX_DEPTH = 100;

/** What is wrong with a file, and where. */
export class RDataError extends Error {}

/** Reads one serialized R value from `bytes` (already decompressed). */
export function readSerialized(bytes) {
  return new Reader(bytes).readFile();
}

/**
 * Opens a lazy-load database: `index` is the content of a .rdx file, `data` that of the .rdb.
 * Returns `{ names, locate(name) -> { offset, length }, read(name) -> value }`.
 */
export function openLazyLoadDatabase(index, data) {
  const [variables] = field(readSerialized(gunzip(index)), 'variables');
  const names = variables?.attributes?.names;
  if (!names) throw new RDataError('the index holds no list named "variables"');
  const locate = (name) => {
    const at = names.indexOf(name);
    if (at < 0) throw new RDataError(`no object "${name}"; there are: ${names.join(', ')}`);
    const [offset, length] = variables[at];
    return { offset, length };
  };
  return { names, locate, read: (name) => readSerialized(readRecord(data, locate(name))) };
}

/** The columns of a data frame by name; factors become arrays of strings. */
export function dataFrameColumns(frame) {
  if (!frame?.attributes?.class?.includes('data.frame')) {
    throw new RDataError('the object is not a data frame');
  }
  return new Map(frame.attributes.names.map((name, i) => [name, factorLabels(frame[i])]));
}

function factorLabels(column) {
  const levels = column.attributes?.levels;
  if (!levels) return column;
  return column.map((code) => {
    if (code === null) return null;
    if (code < 1 || code > levels.length) throw new RDataError(`factor code ${code} has no level`);
    return levels[code - 1];
  });
}

function field(list, name) {
  const at = list?.attributes?.names?.indexOf(name) ?? -1;
  return at < 0 ? [] : [list[at]];
}

function gunzip(bytes) {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new RDataError('the index is not gzip data', { cause });
  }
}

/** A record: 4 bytes of length (big-endian), then zlib data, or a type byte and the data. */
function readRecord(data, { offset, length }) {
  const record = data.subarray(offset, offset + length);
  if (record.length < length || length < 5) {
    throw new RDataError(`the database ends inside the record at ${offset} (+${length} bytes)`);
  }
  const expected = new DataView(record.buffer, record.byteOffset).getUint32(0);
  const content = decompress(record);
  if (content.length !== expected) {
    throw new RDataError(
      `the record at ${offset} unpacks to ${content.length} bytes, not ${expected}`,
    );
  }
  return content;
}

function decompress(record) {
  const kind = String.fromCharCode(record[4]);
  if (kind === '0') return record.subarray(5);
  if (kind === '2' || kind === 'Z') {
    throw new RDataError(
      `the record is packed with ${kind === '2' ? 'bzip2' : 'xz'}; only zlib is read here`,
    );
  }
  try {
    return inflateSync(record.subarray(kind === '1' ? 5 : 4));
  } catch (cause) {
    throw new RDataError('the record is not zlib data', { cause });
  }
}

class Reader {
  constructor(bytes) {
    this.bytes_ = bytes;
    this.view_ = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at_ = 0;
    this.depth_ = 0;
    this.symbols_ = []; // what a reference may point at, in order of first appearance
  }

  readFile() {
    if (this.take_(2).toString('latin1') !== 'X\n') {
      throw new RDataError('not an R serialization in XDR form (it must begin with "X\\n")');
    }
    const version = this.int_();
    if (version !== 2 && version !== 3)
      throw new RDataError(`serialization version ${version}; 2 and 3 are read here`);
    this.take_(8); // the R version that wrote it, and the oldest that can read it
    if (version === 3) this.take_(this.count_()); // name of the writer's native encoding
    return this.value_();
  }

  value_() {
    if (++this.depth_ > MAX_DEPTH) throw new RDataError('values are nested too deeply');
    const flags = this.int_();
    const value = this.body_(flags & 0xff, flags);
    --this.depth_;
    return value;
  }

  body_(type, flags) {
    switch (type) {
      case TYPE.nil:
        return null;
      case TYPE.symbol:
        return this.symbol_();
      case TYPE.reference:
        return this.reference_(flags >>> 8);
      case TYPE.string:
        return this.string_(flags);
      case TYPE.pairlist:
        return this.pairlist_(flags);
      case TYPE.logical:
        return this.withAttributes_(
          flags,
          this.vector_(4, () => this.logical_()),
        );
      case TYPE.integer:
        return this.withAttributes_(
          flags,
          this.vector_(4, () => this.integer_()),
        );
      case TYPE.real:
        return this.withAttributes_(
          flags,
          this.vector_(8, () => this.real_()),
        );
      case TYPE.strings:
      case TYPE.list:
        return this.withAttributes_(
          flags,
          this.vector_(4, () => this.value_()),
        );
      case TYPE.altrep:
        return this.altrep_();
      default:
        throw new RDataError(`R type ${type} at byte ${this.at_ - 4} is not read here`);
    }
  }

  vector_(minBytesEach, read) {
    const length = this.count_();
    if (length * minBytesEach > this.bytes_.length - this.at_) {
      throw new RDataError(
        `a vector of ${length} elements at byte ${this.at_ - 4} is longer than the data`,
      );
    }
    const vector = new Array(length);
    for (let i = 0; i < length; ++i) vector[i] = read();
    return vector;
  }

  withAttributes_(flags, value) {
    if (flags & FLAG.attributes) value.attributes = byName(this.value_());
    return value;
  }

  /** Cells follow one another, so this is a loop: a long list must not need a deep stack. */
  pairlist_(flags) {
    const list = [];
    const names = [];
    for (; (flags & 0xff) === TYPE.pairlist; flags = this.int_()) {
      if (flags & FLAG.attributes) this.value_();
      names.push(flags & FLAG.tag ? this.value_() : '');
      list.push(this.value_());
    }
    if ((flags & 0xff) !== TYPE.nil) throw new RDataError('a dotted pair is not read here');
    list.attributes = { names };
    return list;
  }

  /** R keeps `1:n` compact: a class name, then (length, first, step). */
  altrep_() {
    const [name] = this.value_();
    const state = this.value_();
    this.value_(); // attributes of the packed value
    if (name !== 'compact_intseq')
      throw new RDataError(`packed values of class ${name} are not read here`);
    const [length, first, step] = state;
    return Array.from({ length }, (_, i) => first + i * step);
  }

  symbol_() {
    const name = this.value_();
    this.symbols_.push(name);
    return name;
  }

  reference_(packedIndex) {
    const index = packedIndex || this.int_();
    if (index < 1 || index > this.symbols_.length)
      throw new RDataError(`reference ${index} points at nothing`);
    return this.symbols_[index - 1];
  }

  string_(flags) {
    const length = this.int_();
    if (length === -1) return null;
    if (length < 0) throw new RDataError(`a string of ${length} bytes at byte ${this.at_ - 4}`);
    return this.take_(length).toString(flags & FLAG.latin1 ? 'latin1' : 'utf8');
  }

  logical_() {
    const value = this.integer_();
    return value === null ? null : value !== 0;
  }

  integer_() {
    const value = this.int_();
    return value === NA_INTEGER ? null : value;
  }

  /** NA is one certain NaN; every other NaN stays one. */
  real_() {
    const value = this.view_.getFloat64(this.skip_(8));
    const isNa = Number.isNaN(value) && this.view_.getUint32(this.at_ - 4) === NA_REAL_LOW_WORD;
    return isNa ? null : value;
  }

  int_() {
    return this.view_.getInt32(this.skip_(4));
  }

  count_() {
    const count = this.int_();
    if (count < 0)
      throw new RDataError(`a length of ${count} at byte ${this.at_ - 4} is not read here`);
    return count;
  }

  take_(length) {
    const from = this.skip_(length);
    return Buffer.from(this.bytes_.buffer, this.bytes_.byteOffset + from, length);
  }

  skip_(length) {
    const from = this.at_;
    if (from + length > this.bytes_.length)
      throw new RDataError(`the data ends at byte ${from}, inside a value`);
    this.at_ += length;
    return from;
  }
}

/** Attributes by name, without a prototype: names come from the file. */
function byName(pairs) {
  const named = Object.create(null);
  pairs?.attributes.names.forEach((name, i) => {
    named[name] = pairs[i];
  });
  return named;
}
