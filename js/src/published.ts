// A recommender that follows a signed manifest. Loaded only when `load` is given publicKeys, so that
// those who load plain bundles do not download it.
import type { Engine } from './abi.js';
import { checkText, invalid, show } from './check.js';
import { type Files, Origin, NetworkError } from './download.js';
import { AttuneError } from './errors.js';
import type { Opened, Pending } from './filling.js';
import type { Platform } from './load.js';
import { checkPublicKeys, type Manifest } from './manifest.js';
import { type Accepted, expired, hasExpired, Publication } from './publication.js';
import { Recommender } from './recommender.js';
import { hasDatabases } from './database.js';
import { defaultStore, type HistoryStore, indexedDbStore } from './store.js';
import type { BundleSource, LoadOptions, UpdateOutcome } from './types.js';

const kMaxPollSeconds = 7 * 86400;
/** After failures polls become rarer, up to this. */
const kMaxBackoffSeconds = 3600;
const kVersionDatabase = 'attune-versions';
const kLongestTimerMs = 2 ** 31 - 1;

/** The options of load() that are for manifests only. */
export const kManifestOptions: readonly (keyof LoadOptions)[] = [
  'publicKeys',
  'dataset',
  'pollSeconds',
  'onUpdate',
  'versionStore',
  'metadata',
  'offline',
];

/** What load.ts lends. */
export interface Host extends Files, Pick<Platform, 'digest'> {
  open(bundle: Opened, pending?: Pending): Promise<Engine>;
}

interface PublishedParts {
  options: LoadOptions;
  publication: Publication;
  accepted: Accepted & { engine: Engine };
  stop: AbortController;
  failure: AttuneError | undefined;
}

/**
 * A recommender whose bundle came with a manifest. It can be brought up to date while it is used:
 * sessions keep their state, and every answer is of one version.
 */
export class PublishedRecommender extends Recommender {
  readonly #publication: Publication;
  readonly #stop: AbortController;
  readonly #onUpdate: ((outcome: UpdateOutcome) => void) | undefined;
  #manifest: Manifest;
  #updateError: AttuneError | undefined;
  #updating: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #complete: (() => Promise<void>) | undefined;
  #completing: Promise<void> | undefined;

  /** @internal */
  constructor({ options, publication, accepted, stop, failure }: PublishedParts) {
    const { store, maxEvents, filterLanguage, pollSeconds, onUpdate } = options;
    const { engine, manifest } = accepted;
    super({ engine, store, maxEvents, filterLanguage, version: manifest.version });
    this.#publication = publication;
    this.#manifest = manifest;
    this.#stop = stop;
    this.#onUpdate = onUpdate;
    this.#updateError = failure;
    this.#complete = accepted.complete;
    // Whoever needs them asks, and is told then.
    this.loadMetadata().catch(() => {});
    if (pollSeconds !== undefined) this.#poll(pollSeconds, failure);
  }

  /**
   * Resolves when the items' metadata are there. With `metadata: 'later'` they are on their way since
   * load(); after it has rejected (`NETWORK`, `HASH_MISMATCH`, `CORRUPT_BUNDLE`) it tries again.
   */
  loadMetadata(): Promise<void> {
    return (this.#completing ??= this.#completeNow().catch((error: unknown) => {
      this.#completing = undefined;
      throw error;
    }));
  }

  async #completeNow(): Promise<void> {
    const complete = this.#complete;
    await complete?.().catch((error: unknown) => {
      // A newer version that has taken over meanwhile came with its own.
      if (this.#complete === complete) throw error;
    });
    if (complete && this.#complete === complete) this.completed();
  }

  /** Version of the manifest in use. Answers carry it as `modelVersion`. */
  get version(): number {
    return this.#manifest.version;
  }

  /** What the bundle recommends from, as it was published. */
  get dataset(): string {
    return this.#manifest.dataset;
  }

  /** Until when the manifest in use may be loaded for the first time. */
  get expiresAt(): Date {
    return new Date(this.#manifest.expiresAt * 1000);
  }

  /** Whether it has expired since. It goes on, but somebody should publish a new one. */
  get stale(): boolean {
    return hasExpired(this.#manifest);
  }

  /** Why the latest attempt to update failed; undefined when it did not. */
  get updateError(): AttuneError | undefined {
    return this.#updateError;
  }

  /** Why the version, or the copy for starts without a network, could not be kept. */
  get storageError(): AttuneError | undefined {
    return this.#publication.storageError;
  }

  /**
   * Looks for a new version and goes over to it. Returns whether there was one. Rejects with what is
   * wrong with it, such as `NETWORK`, `BAD_SIGNATURE` or `HASH_MISMATCH`; the one in use stays.
   */
  update(): Promise<boolean> {
    return (this.#updating ??= this.#update().finally(() => (this.#updating = undefined)));
  }

  override dispose(): void {
    clearTimeout(this.#timer);
    this.#stop.abort(new AttuneError('DISPOSED', 'this recommender was disposed of'));
    super.dispose();
  }

  async #update(): Promise<boolean> {
    try {
      this.#throwIfDisposed();
      const accepted = await this.#publication.newest();
      const updated = accepted !== undefined && (await this.#goOver(accepted));
      if (this.stale) throw expired(this.#manifest);
      this.#updateError = undefined;
      this.#report({ version: this.version, updated });
      return updated;
    } catch (error) {
      this.#throwIfDisposed();
      this.#updateError = error as AttuneError;
      this.#report({ version: this.version, updated: false, error: this.#updateError });
      throw error;
    }
  }

  async #goOver({ manifest, engine, remember, complete }: Accepted): Promise<boolean> {
    try {
      this.#throwIfDisposed();
      this.adopt(manifest.version, engine);
    } catch (error) {
      engine?.close();
      throw error;
    }
    this.#manifest = manifest;
    if (engine) this.#complete = complete;
    await remember();
    return true;
  }

  /** An application's mistake in its callback is its own, and no reason to stop polling. */
  #report(outcome: UpdateOutcome): void {
    if (this.#onUpdate) queueMicrotask(() => this.#onUpdate!(outcome));
  }

  #poll(seconds: number, error: unknown): void {
    this.#failures = error ? this.#failures + 1 : 0;
    // At random, so that devices that were all offline do not come back all at once.
    const wanted = seconds * (error ? 2 ** Math.min(this.#failures, 20) : 1);
    const mean = Math.min(wanted, Math.max(seconds, kMaxBackoffSeconds));
    const asked = error instanceof NetworkError ? (error.retryAfter ?? 0) : 0;
    const delayMs = 1000 * Math.max(mean * (0.5 + Math.random()), asked);
    this.#timer = setTimeout(() => void this.#pollNow(seconds), Math.min(delayMs, kLongestTimerMs));
    // In Node a timer keeps the program running.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #pollNow(seconds: number): Promise<void> {
    let failure: unknown;
    if (globalThis.navigator?.onLine !== false) {
      await this.update().catch((error: unknown) => (failure = error));
    }
    if (!this.#stop.signal.aborted) this.#poll(seconds, failure);
  }

  #throwIfDisposed(): void {
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
  }
}

/** Loads a manifest and its bundle: of the origin, or if that fails what was kept of it. */
export async function loadPublished(
  source: BundleSource,
  options: LoadOptions,
  host: Host,
): Promise<PublishedRecommender> {
  const keys = checkPublicKeys(options.publicKeys!);
  if (options.dataset !== undefined) checkText('dataset', options.dataset);
  checkPollSeconds(options.pollSeconds);
  if (![undefined, 'now', 'later'].includes(options.metadata))
    throw invalid(`metadata: ${show(options.metadata)} is neither "now" nor "later"`);
  const stop = new AbortController();
  const abort = () => stop.abort(options.signal!.reason);
  options.signal?.addEventListener('abort', abort);
  const publication = new Publication({
    origin: new Origin(source, host, stop.signal),
    keys,
    dataset: options.dataset,
    versions: options.versionStore ?? (versionStore ??= defaultVersionStore()),
    offline: options.offline ?? true,
    host,
  });
  try {
    let failure: AttuneError | undefined;
    const accepted =
      (await publication.newest(options.metadata === 'later' ? notLoaded : undefined).catch(async (error: AttuneError) => {
        failure = error;
        // What is wrong with the kept copy matters less than why the origin's was not taken.
        return await publication.kept().catch(() => undefined);
      })) ?? undefined;
    if (!accepted?.engine) throw failure;
    const { engine } = accepted;
    const parts = { options, publication, accepted: { ...accepted, engine }, stop, failure };
    const recommender = new PublishedRecommender(parts);
    await accepted.remember();
    return recommender;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

function notLoaded(): AttuneError {
  const message = "the items' metadata have not come yet: await loadMetadata() before this";
  return new AttuneError('NOT_LOADED', message);
}

let versionStore: HistoryStore | undefined;

/** Apart from the histories, whose keys are users. */
function defaultVersionStore(): HistoryStore {
  return hasDatabases() ? indexedDbStore({ database: kVersionDatabase }) : defaultStore();
}

function checkPollSeconds(seconds: number | undefined): void {
  if (seconds === undefined || (seconds >= 1 && seconds <= kMaxPollSeconds)) return;
  throw invalid(`pollSeconds: ${show(seconds)} is not a number from 1 to ${kMaxPollSeconds}`);
}
