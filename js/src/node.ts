// Entry for Node, Deno and Bun: a string may name a file, and attune.wasm is read from the disk.
import { readFile } from 'node:fs/promises';

import { AttuneError } from './errors.js';
import { type Load, makeLoad } from './load.js';

export * from './api.js';

/** Loads a bundle from a URL, `Response`, bytes or, with `publicKeys`, a signed manifest. Errors: those of the table in the README. */
export const load: Load = /* @__PURE__ */ makeLoad({
  defaultWasm: () => new URL('./attune.wasm', import.meta.url),
  readFile: (source) => {
    const path = fileOf(source);
    return path === undefined ? undefined : read(path);
  },
});

/** What readFile() takes of a path or file: URL; undefined for other URLs. */
function fileOf(source: string | URL): string | URL | undefined {
  const text = String(source);
  if (/^file:/i.test(text)) return new URL(text);
  // A scheme has two letters at least: C:\shop.attune is a path.
  const isUrl = source instanceof URL || /^[a-z][a-z\d+.-]+:/i.test(text);
  return isUrl ? undefined : text;
}

function read(path: string | URL): Promise<Uint8Array> {
  return readFile(path).catch((cause: Error) => {
    throw new AttuneError('FILE_UNREADABLE', `cannot read ${path}: ${cause.message}`, { cause });
  });
}
