// Entry for Node, Deno and Bun: a string may name a file, and attune.wasm is read from the disk.
import { AttuneError, messageOf } from './errors.js';
import type { Fill } from './filling.js';
import { type Load, makeLoad } from './load.js';

export * from './api.js';

const kPiece = 1 << 20;

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({ defaultWasm, readFile, fillFile, digest });

/** Compiled here, because to wait for another thread takes a fresh process longer. */
async function defaultWasm(): Promise<WebAssembly.Module> {
  const fs = await nodeFs();
  return new WebAssembly.Module(fs.readFileSync(new URL('./attune.wasm', import.meta.url)));
}

function readFile(source: string | URL): Promise<Uint8Array> | undefined {
  const fill = fillFile(source);
  return fill && read(fill);
}

/** What open() takes of a path or file: URL; undefined for other URLs. */
function fileOf(source: string | URL): string | URL | undefined {
  const text = String(source);
  const colon = text.indexOf(':');
  // A scheme has two letters at least: C:\shop.attune is a path. Regular expressions take a fresh process long.
  if (colon < 2) return text;
  if (/^file:/i.test(text)) return new URL(text);
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

/** Read in one go: to wait for other threads takes longer. */
const kAtOnceBytes = 4 * 2 ** 20;

type Fs = typeof import('node:fs');

/** To import it takes a fresh process milliseconds, to ask for it nothing; hosts that cannot be asked are older than Node 20.16. */
function nodeFs(): Fs | Promise<Fs> {
  return globalThis.process?.getBuiltinModule?.('node:fs') ?? import('node:fs');
}

function readRange(fs: Fs, file: number, area: Uint8Array, begin: number, end: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const readOn = (at: number): void => {
      if (at === end) return resolve();
      fs.read(file, area, at, end - at, at, (error, bytesRead) => {
        if (error) reject(error);
        else if (bytesRead === 0) reject(cutOff());
        else readOn(at + bytesRead);
      });
    };
    readOn(begin);
  });
}

function readAtOnce(fs: Fs, file: number, area: Uint8Array): void {
  for (let at = 0; at < area.length; ) {
    const bytesRead = fs.readSync(file, area, at, area.length - at, at);
    if (bytesRead === 0) throw cutOff();
    at += bytesRead;
  }
}

/** In pieces, between which others have their turn. */
async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += kPiece) {
    hash.update(bytes.subarray(at, at + kPiece));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest();
}

function cutOff(): Error {
  return new Error('it was cut off while it was read');
}

/** With the functions of node:fs: those of node:fs/promises take milliseconds to begin with. */
async function fill(path: string | URL, room: Parameters<Fill>[0]): Promise<number> {
  const fs = await nodeFs();
  let file: number | undefined;
  try {
    // To open a pipe may take for ever.
    if (!fs.statSync(path).isFile()) {
      const bytes = await new Promise<Uint8Array>((resolve, reject) => {
        fs.readFile(path, (error, data) => (error ? reject(error) : resolve(data)));
      });
      room(bytes.length).set(bytes);
      return bytes.length;
    }
    file = fs.openSync(path, 'r');
    const { size } = fs.fstatSync(file);
    const area = room(size);
    if (size <= kAtOnceBytes) {
      readAtOnce(fs, file, area);
      return size;
    }
    // Both halves at once, because what takes long is the first touch of memory; the file is closed when
    // nobody reads it any more.
    const half = size >> 1;
    const halves = [readRange(fs, file, area, 0, half), readRange(fs, file, area, half, size)];
    await Promise.allSettled(halves);
    await Promise.all(halves);
    return size;
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}
