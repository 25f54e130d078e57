// Makes CSV files and Avro schemas of the MovieLens ratings in the Debian package r-cran-dslabs.
// Usage: node extract.mjs DATA_FOLDER OUTPUT_FOLDER
// DATA_FOLDER is the package's usr/lib/R/site-library/dslabs/data (Rdata.rdx and Rdata.rdb).

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dataFrameColumns, openLazyLoadDatabase, RDataError } from './r-data.mjs';

/** Where version 0.7.4 of the package keeps the object, and what it must hold. */
export const EXPECTED = {
  location: { offset: 435890, length: 1428357 },
  counts: { ratings: 100004, users: 671, movies: 9066 },
};

const NO_GENRES = '(no genres listed)';

const INTERACTIONS_SCHEMA = schema('Interactions', [
  { name: 'USER_ID', type: 'string' },
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
  { name: 'EVENT_TYPE', type: 'string' },
  { name: 'EVENT_VALUE', type: ['null', 'float'] },
]);

const ITEMS_SCHEMA = schema('Items', [
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TITLE', type: ['null', 'string'] },
  { name: 'GENRES', type: ['null', 'string'], categorical: true },
  { name: 'YEAR', type: ['null', 'int'] },
]);

function schema(name, fields) {
  const namespace = 'com.amazonaws.personalize.schema';
  const record = { type: 'record', name, namespace, fields, version: '1.0' };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The `movielens` object as `{ ratings, movies, location }`, both in their final order. */
export function readMovieLens(index, data) {
  const database = openLazyLoadDatabase(index, data);
  const columns = dataFrameColumns(database.read('movielens'));
  const column = (name) => {
    if (!columns.has(name)) throw new RDataError(`movielens has no column "${name}"`);
    return columns.get(name);
  };
  const location = database.locate('movielens');
  return { ratings: ratingsOf(column), movies: moviesOf(column), location };
}

function ratingsOf(column) {
  const [users, items, values, times] = ['userId', 'movieId', 'rating', 'timestamp'].map(column);
  const ratings = users.map((userId, row) => ({
    userId: String(userId),
    itemId: String(items[row]),
    timestamp: times[row],
    value: values[row],
  }));
  return ratings.sort((a, b) => a.timestamp - b.timestamp); // stable: ties keep the file's order
}

function moviesOf(column) {
  const [items, titles, genres, years] = ['movieId', 'title', 'genres', 'year'].map(column);
  const movies = new Map();
  items.forEach((id, row) => {
    if (!movies.has(id)) movies.set(id, movieOf(id, titles[row], genres[row], years[row]));
  });
  return [...movies.values()].sort((a, b) => a.id - b.id);
}

/** "Heat (1995)" is split into title and year; a year column, where there is one, decides. */
function movieOf(id, rawTitle, genres, yearColumn) {
  const [, title, yearInTitle] = /^(.*?)\s*(?:\((\d{4})\))?\s*$/su.exec(rawTitle ?? '');
  return {
    id,
    itemId: String(id),
    title: title || null,
    genres: genres === NO_GENRES ? null : genres,
    year: yearColumn ?? (yearInTitle === undefined ? null : Number(yearInTitle)),
  };
}

/** Stops unless the data is complete: training on half of it would look like success. */
export function checkCounts({ ratings, movies }, expected = EXPECTED.counts) {
  const found = {
    ratings: ratings.length,
    users: new Set(ratings.map((rating) => rating.userId)).size,
    movies: movies.length,
  };
  for (const [what, count] of Object.entries(expected)) {
    if (found[what] !== count) {
      throw new RDataError(`movielens has ${found[what]} ${what}, not ${count}: another data set?`);
    }
  }
  return found;
}

/** One CSV field: null is empty; text that needs it is quoted, with backslash escapes inside. */
export function csvField(value) {
  if (value === null) return '';
  const text = String(value);
  if (text !== '' && !/[",\\\r\n]|^\s|\s$/u.test(text)) return text;
  return `"${text.replace(/["\\]/gu, '\\$&')}"`;
}

function csv(header, rows) {
  return `${[header, ...rows].map((row) => row.map(csvField).join(',')).join('\n')}\n`;
}

/** The four files by name. */
export function filesOf({ ratings, movies }) {
  return new Map([
    ['interactions.avsc', INTERACTIONS_SCHEMA],
    ['items.avsc', ITEMS_SCHEMA],
    [
      'items.csv',
      csv(
        ['ITEM_ID', 'TITLE', 'GENRES', 'YEAR'],
        movies.map((m) => [m.itemId, m.title, m.genres, m.year]),
      ),
    ],
    [
      'interactions.csv',
      csv(
        ['USER_ID', 'ITEM_ID', 'TIMESTAMP', 'EVENT_TYPE', 'EVENT_VALUE'],
        ratings.map((r) => [r.userId, r.itemId, r.timestamp, 'rating', r.value]),
      ),
    ],
  ]);
}

/** Each file appears whole or not at all. */
function writeFiles(folder, files) {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) {
    const path = join(folder, name);
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
  }
}

function warnIfMoved({ offset, length }) {
  const expected = EXPECTED.location;
  if (offset === expected.offset && length === expected.length) return;
  console.error(
    `note: movielens is at ${offset} (+${length}), not at ${expected.offset} ` +
      `(+${expected.length}): another version of the package; its counts are checked all the same`,
  );
}

function main([source, output]) {
  if (!source || !output) throw new RDataError('usage: node extract.mjs DATA_FOLDER OUTPUT_FOLDER');
  const read = (name) => readFileSync(join(source, name));
  const data = readMovieLens(read('Rdata.rdx'), read('Rdata.rdb'));
  warnIfMoved(data.location);
  const { ratings, users, movies } = checkCounts(data);
  writeFiles(output, filesOf(data));
  console.log(`${ratings} ratings by ${users} users of ${movies} movies written to ${output}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RDataError) && error.code === undefined) throw error;
    console.error(`extract: ${error.message}`);
    process.exit(2);
  }
}
