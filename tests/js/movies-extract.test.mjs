// examples/movies: the reader of R's data files, and the CSV files made of MovieLens.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  checkCounts,
  csvField,
  EXPECTED,
  filesOf,
  readMovieLens,
} from '../../examples/movies/extract.mjs';
import {
  dataFrameColumns,
  openLazyLoadDatabase,
  RDataError,
  readSerialized,
} from '../../examples/movies/r-data.mjs';
import {
  NA_INTEGER,
  NA_REAL,
  NIL,
  database,
  file,
  i32,
  ints,
  list,
  reals,
  record,
  reference,
  strings,
  symbol,
  text,
} from './r-writer.mjs';

const SCRIPT = fileURLToPath(new URL('../../examples/movies/extract.mjs', import.meta.url));
const REAL_DATA = fileURLToPath(
  new URL('../../build/movies/package/usr/lib/R/site-library/dslabs/data', import.meta.url),
);

function frame(columns) {
  return file(
    list(
      columns.map(([, value]) => value),
      [
        [symbol('names'), strings(columns.map(([name]) => name))],
        [symbol('row.names'), ints([NA_INTEGER, -3])],
        [symbol('class'), strings(['data.frame'])],
      ],
    ),
  );
}

const factor = (codes, levels) =>
  ints(codes, [
    [symbol('levels'), strings(levels)],
    [symbol('class'), strings(['factor'])],
  ]);

function smallMovieLens({ genreCodes = [1, 2, 1] } = {}) {
  return frame([
    ['movieId', ints([20, 3, 20])],
    ['title', strings(['Say "Hi", \\o/', 'Amélie (2001)', 'Say "Hi", \\o/'])],
    ['year', ints([1994, NA_INTEGER, 1994])],
    ['genres', factor(genreCodes, ['Comedy|Drama', '(no genres listed)'])],
    ['userId', ints([1, 2, 2])],
    ['rating', reals([4.5, 3, 2])],
    ['timestamp', ints([900, 800, 900])],
  ]);
}

test('vectors, missing values and strings are read', () => {
  assert.deepEqual(readSerialized(file(ints([1, NA_INTEGER, -5]))), [1, null, -5]);
  assert.deepEqual(readSerialized(file(reals([1.5, NA_REAL, NaN, -Infinity]))), [
    1.5,
    null,
    NaN,
    -Infinity,
  ]);
  assert.deepEqual(readSerialized(file(Buffer.concat([i32(10, 3), i32(1, 0, NA_INTEGER)]))), [
    true,
    false,
    null,
  ]);
  assert.deepEqual(readSerialized(file(strings(['é', '', null]))), ['é', '', null]);
  assert.equal(readSerialized(file(NIL, 2)), null);
});

test('a string marked as Latin-1 is decoded as such', () => {
  const latin1 = Buffer.concat([i32(16, 1), text('Misérables', 'latin1')]);
  assert.deepEqual(readSerialized(file(latin1)), ['Misérables']);
});

test('a symbol met again is a reference to the first', () => {
  const twice = list([
    ints([1], [[symbol('levels'), strings(['a'])]]),
    ints([1], [[reference(1), strings(['b'])]]),
  ]);
  const [first, second] = readSerialized(file(twice));
  assert.deepEqual(first.attributes.levels, ['a']);
  assert.deepEqual(second.attributes.levels, ['b']);
  assert.throws(
    () => readSerialized(file(list([ints([1], [[reference(9), NIL]])]))),
    /reference 9 points at nothing/,
  );
});

test('a compact sequence is expanded', () => {
  const info = Buffer.concat([i32(2), symbol('compact_intseq'), i32(2), symbol('base'), NIL]);
  const compact = Buffer.concat([i32(238), info, reals([4, 10, 1]), NIL]);
  assert.deepEqual(readSerialized(file(compact)), [10, 11, 12, 13]);
});

test('an attribute called __proto__ stays an attribute', () => {
  const value = readSerialized(file(ints([1], [[symbol('__proto__'), strings(['x'])]])));
  assert.deepEqual(value.attributes['__proto__'], ['x']);
  assert.equal({}.length, undefined);
});

test('types that are not needed are refused by number', () => {
  assert.throws(() => readSerialized(file(i32(3))), /R type 3 .* is not read here/); // a closure
  assert.throws(() => readSerialized(file(i32(15, 1))), /R type 15/); // complex numbers
  assert.throws(() => readSerialized(file(NIL, 4)), /serialization version 4/);
  assert.throws(() => readSerialized(Buffer.from('A\n1\n')), /not an R serialization/);
});

test('a file cut anywhere is a clear error', () => {
  const whole = smallMovieLens();
  for (let length = 0; length < whole.length; ++length) {
    assert.throws(() => readSerialized(whole.subarray(0, length)), RDataError, `${length} bytes`);
  }
});

test('a length beyond the data is an error before anything is allocated', () => {
  assert.throws(() => readSerialized(file(i32(13, 0x7fffffff))), /longer than the data/);
  assert.throws(() => readSerialized(file(i32(13, -1))), /a length of -1/);
});

test('objects are found in a database, with either form of compression', () => {
  const { index, data } = database({ a: record(file(ints([1]))), b: record(file(ints([2])), '1') });
  const opened = openLazyLoadDatabase(index, data);
  assert.deepEqual(opened.names, ['a', 'b']);
  assert.deepEqual(opened.read('a'), [1]);
  assert.deepEqual(opened.read('b'), [2]);
  assert.throws(() => opened.read('c'), /no object "c"; there are: a, b/);
});

test('a damaged database is a clear error', () => {
  const good = record(file(ints([1])));
  const { index, data } = database({ a: good });
  assert.throws(() => openLazyLoadDatabase(Buffer.from('no'), data), /index is not gzip data/);
  assert.throws(
    () => openLazyLoadDatabase(index, data.subarray(0, -1)).read('a'),
    /ends inside the record/,
  );
  const broken = Buffer.from(data).fill(0xff, 6);
  assert.throws(() => openLazyLoadDatabase(index, broken).read('a'), /not zlib data/);
  const lying = Buffer.concat([i32(99), good.subarray(4)]);
  assert.throws(() => openLazyLoadDatabase(index, lying).read('a'), /unpacks to \d+ bytes, not 99/);
  const xz = database({ a: record(file(ints([1])), 'Z') });
  assert.throws(() => openLazyLoadDatabase(xz.index, xz.data).read('a'), /packed with xz/);
});

test('factors become their labels, and a code without a label is an error', () => {
  const columns = dataFrameColumns(
    readSerialized(frame([['f', factor([2, NA_INTEGER, 1], ['x', 'y'])]])),
  );
  assert.deepEqual(columns.get('f'), ['y', null, 'x']);
  assert.throws(
    () => dataFrameColumns(readSerialized(smallMovieLens({ genreCodes: [3, 1, 1] }))),
    /code 3 has no level/,
  );
  assert.throws(() => dataFrameColumns(readSerialized(file(ints([1])))), /not a data frame/);
});

test('the CSV files have the Personalize dialect and a fixed order', () => {
  const { index, data } = database({ movielens: record(smallMovieLens()) });
  const files = filesOf(readMovieLens(index, data));
  assert.equal(
    files.get('items.csv'),
    'ITEM_ID,TITLE,GENRES,YEAR\n3,Amélie,,2001\n20,"Say \\"Hi\\", \\\\o/",Comedy|Drama,1994\n',
  );
  assert.equal(
    files.get('interactions.csv'),
    'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n' +
      '2,3,800,rating,3\n1,20,900,rating,4.5\n2,20,900,rating,2\n',
  );
  for (const name of ['items', 'interactions']) {
    const header = files.get(`${name}.csv`).split('\n', 1)[0].split(',');
    const schema = JSON.parse(files.get(`${name}.avsc`));
    assert.deepEqual(
      schema.fields.map((field) => field.name),
      header,
    );
  }
});

test('fields are quoted only where they must be', () => {
  assert.equal(csvField(null), '');
  assert.equal(csvField(''), '""');
  assert.equal(csvField('plain; text'), 'plain; text');
  assert.equal(csvField(' lead'), '" lead"');
  assert.equal(csvField('two\nlines'), '"two\nlines"');
});

test('another number of ratings, users or movies stops the extraction', () => {
  const { index, data } = database({ movielens: record(smallMovieLens()) });
  const small = readMovieLens(index, data);
  assert.deepEqual(checkCounts(small, { ratings: 3, users: 2, movies: 2 }), {
    ratings: 3,
    users: 2,
    movies: 2,
  });
  assert.throws(() => checkCounts(small), /has 3 ratings, not 100004/);
  assert.throws(() => checkCounts(small, { ratings: 3, users: 3 }), /has 2 users, not 3/);
});

test('the command leaves nothing behind when the data is wrong, and says why in one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-extract-'));
  try {
    const { index, data } = database({ movielens: record(smallMovieLens()) });
    writeFileSync(join(folder, 'Rdata.rdx'), index);
    writeFileSync(join(folder, 'Rdata.rdb'), data);
    const run = (...args) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
    const wrong = run(folder, join(folder, 'out'));
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /extract: movielens has 3 ratings, not 100004[^\n]*\n$/);
    assert.ok(!existsSync(join(folder, 'out')));
    assert.equal(run(join(folder, 'nowhere'), folder).status, 2);
    assert.match(run().stderr, /usage/);
    assert.deepEqual(readdirSync(folder).sort(), ['Rdata.rdb', 'Rdata.rdx']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(
  'the real package gives the published counts',
  {
    skip: existsSync(REAL_DATA)
      ? false
      : 'build/movies/package is absent: run examples/movies/run.sh first',
  },
  () => {
    const read = (name) => readFileSync(join(REAL_DATA, name));
    const real = readMovieLens(read('Rdata.rdx'), read('Rdata.rdb'));
    assert.deepEqual(checkCounts(real), EXPECTED.counts);
    assert.deepEqual(real.location, EXPECTED.location);
    assert.deepEqual(real.movies[0], {
      id: 1,
      itemId: '1',
      title: 'Toy Story',
      genres: 'Adventure|Animation|Children|Comedy|Fantasy',
      year: 1995,
    });
  },
);
