// attune/worker: a recommender in a Web Worker, so that the page never waits for it.
import { checkOptions, invalid } from './check.js';
import { AttuneError } from './errors.js';
import type { BundleSource, LoadOptions, UpdateOutcome, WasmSource } from './types.js';
import { handedOver, WorkerLine, WorkerRecommender } from './worker-client.js';
import { kLoadOptions, type RecommenderFacts, type WorkerEnd } from './worker-methods.js';

export { AttuneError } from './errors.js';
export { WorkerRecommender, WorkerSession } from './worker-client.js';
export type { RecommenderFacts, WorkerEnd } from './worker-methods.js';
export type { ErrorCode, LocalErrorCode } from './errors.js';
export type * from './types.js';

/** Options of load() that can be handed to a worker, and the worker itself. */
export interface WorkerLoadOptions extends Pick<LoadOptions, (typeof kLoadOptions)[number]> {
  wasm?: WasmSource | PromiseLike<WasmSource> | undefined;
  /** Aborts the loading with code `ABORTED`. */
  signal?: AbortSignal | undefined;
  /** Called after every attempt to update; with publicKeys. */
  onUpdate?: ((outcome: UpdateOutcome) => void) | undefined;
  /** A worker that runs this package's worker-script.js, if bundler or policy want it made elsewhere. */
  worker?: (WorkerEnd & Partial<Pick<Worker, 'terminate'>>) | undefined;
}

/**
 * Loads a bundle in a worker of its own. Buffers are handed over and empty afterwards; a URL is fetched by
 * the worker. Errors as of load() of the package, and `NETWORK` when the worker's script cannot be had.
 */
export async function load(
  given: Exclude<BundleSource, Request>,
  options?: WorkerLoadOptions,
): Promise<WorkerRecommender> {
  const checked = checkOptions('load', options, [...kLoadOptions, 'wasm', 'signal', 'onUpdate', 'worker']);
  const { wasm, signal, onUpdate, worker: own, ...rest } = checked;
  const [bundle, module] = await Promise.all([sourceOf(given), wasm === undefined ? undefined : Promise.resolve(wasm).then(sourceOf)]);
  if (signal?.aborted) throw aborted(signal);
  const worker = own ?? newWorker();
  const line = new WorkerLine(worker);
  const end = () => worker.terminate?.();
  if (worker instanceof EventTarget) {
    worker.addEventListener('error', (event) => {
      const { message = 'its script cannot be had' } = event as ErrorEvent;
      line.close(new AttuneError('NETWORK', `the worker failed: ${message}`));
    });
  }
  const abort = () => {
    line.close(aborted(signal!));
    end();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const transfer = [...bundle.transfer, ...(module?.transfer ?? [])];
    const values = [bundle.source, { ...rest, ...(module && { wasm: module.source }) }];
    const facts = (await line.call({ method: 'load', values }, transfer)) as RecommenderFacts;
    const recommender = new WorkerRecommender(line, facts, end);
    line.onUpdate = (outcome, news) => {
      recommender.facts = news;
      onUpdate?.(outcome);
    };
    return recommender;
  } catch (error) {
    end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** A URL as the page means it, or bytes. Answers are read here: they cannot be handed over. */
async function sourceOf(given: unknown): Promise<ReturnType<typeof handedOver>> {
  if (typeof given === 'string') return { source: new URL(given, globalThis.document?.baseURI).href, transfer: [] };
  const response = given as Partial<Response> | null;
  if (typeof response?.arrayBuffer !== 'function' || typeof response.status !== 'number') return handedOver(given);
  if (!response.ok) throw new AttuneError('NETWORK', `load: the answer is ${response.status}, not a file`);
  return handedOver(await response.arrayBuffer());
}

function newWorker(): Worker {
  if (typeof Worker === 'undefined') throw invalid('load: there are no Web Workers here; use the package itself, or the option worker');
  // Written so that bundlers see what is to be a file of its own.
  return new Worker(new URL('./worker-script.js', import.meta.url), { type: 'module', name: 'attune' });
}

function aborted({ reason }: AbortSignal): AttuneError {
  return new AttuneError('ABORTED', 'loading was aborted', { cause: reason });
}
