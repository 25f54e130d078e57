// Entry for Node, Deno and Bun: a string may name a file, and attune.wasm is read from the disk.
import { closeSync, fstatSync, openSync, read as readAt, readFile, statSync } from 'node:fs';
import { promisify } from 'node:util';

import { AttuneError, messageOf } from './errors.js';
import type { Fill } from './filling.js';
import { type Load, makeLoad } from './load.js';

export * from './api.js';

const kPiece = 1 << 20;

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({
  defaultWasm: () => new URL('./attune.wasm', import.meta.url),
  readFile: (source) => {
    const fill = fillFile(source);
    return fill && read(fill);
  },
  fillFile,
  digest,
});

/** What open() takes of a path or file: URL; undefined for other URLs. */
function fileOf(source: string | URL): string | URL | undefined {
  const text = String(source);
  if (/^file:/i.test(text)) return new URL(text);
  // A scheme has two letters at least: C:\shop.attune is a path.
  const isUrl = source instanceof URL || /^[a-z][a-z\d+.-]+:/i.test(text);
  return isUrl ? undefined : text;
}

function fillFile(source: string | URL): Fill | undefined {
  const path = fileOf(source);
  return path === undefined ? undefined : (room) => fill(path, room);
}

async function read(fill: Fill): Promise<Uint8Array> {
  let bytes!: Uint8Array;
  const length = await fill((size) => (bytes = new Uint8Array(size)));
  return bytes.subarray(0, length);
}

async function readRange(file: number, area: Uint8Array, begin: number, end: number): Promise<void> {
  for (let at = begin; at < end; ) {
    const { bytesRead } = await promisify(readAt)(file, area, at, end - at, at);
    if (bytesRead === 0) throw new Error('it was cut off while it was read');
    at += bytesRead;
  }
}

/** In pieces, between which others have their turn. */
async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += kPiece) {
    hash.update(bytes.subarray(at, at + kPiece));
    await promisify(setImmediate)();
  }
  return hash.digest();
}

/** With the functions of node:fs: those of node:fs/promises take milliseconds to begin with. */
async function fill(path: string | URL, room: Parameters<Fill>[0]): Promise<number> {
  let file: number | undefined;
  try {
    // To open a pipe may take for ever.
    if (!statSync(path).isFile()) {
      const bytes = await promisify(readFile)(path);
      room(bytes.length).set(bytes);
      return bytes.length;
    }
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const area = room(size);
    // Both halves at once, because what takes long is the first touch of memory; the file is closed when
    // nobody reads it any more.
    const half = size >> 1;
    const halves = [readRange(file, area, 0, half), readRange(file, area, half, size)];
    await Promise.allSettled(halves);
    await Promise.all(halves);
    return size;
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
