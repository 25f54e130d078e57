// Entry for Node, Deno and Bun: a string may name a file, and attune.wasm is read from the disk.
import { open } from 'node:fs/promises';

import { AttuneError, messageOf } from './errors.js';
import type { Fill } from './filling.js';
import { type Load, makeLoad } from './load.js';

export * from './api.js';

export const load: Load = /* @__PURE__ */ makeLoad({
  defaultWasm: () => new URL('./attune.wasm', import.meta.url),
  readFile: (source) => {
    const fill = fillFile(source);
    return fill && read(fill);
  },
  fillFile,
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

async function fill(path: string | URL, room: Parameters<Fill>[0]): Promise<number> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await file.stat();
    // A pipe or a device says that it has no bytes.
    if (size === 0) {
      const bytes = await file.readFile();
      room(bytes.length).set(bytes);
      return bytes.length;
    }
    const area = room(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(area, at, size - at, at);
      if (bytesRead === 0) return at; // it was cut off meanwhile
      at += bytesRead;
    }
    return size;
  } catch (cause) {
    throw cause instanceof AttuneError ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

function unreadable(path: string | URL, cause: unknown): AttuneError {
  return new AttuneError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(cause)}`, { cause });
}
