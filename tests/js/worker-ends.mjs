// What runs in the worker of attune/worker, in this process: the files of pages, with attune.wasm from the disk.
import { readFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';

import { load } from '../../js/dist/index.js';
import { serve } from '../../js/dist/worker-host.js';
import { wasmUrl } from './fixtures.mjs';

const wasm = readFileSync(wasmUrl);

/** Two ends that belong together, of which the second answers. */
export function workerEnds() {
  const { port1, port2 } = new MessageChannel();
  serve(port2, (source, options) => load(source, { wasm, ...options }));
  return [port1, port2];
}
