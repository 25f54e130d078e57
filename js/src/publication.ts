// A published bundle as a device follows it: which manifest may be believed, and what is remembered
// of it. Nothing is remembered before everything was checked.
import type { Engine } from './abi.js';
import { AttuneError } from './errors.js';
import type { ManifestText, Origin } from './download.js';
import type { Opened, Pending } from './filling.js';
import { fail, type Manifest, openManifest, type PublishedFile, type PublishedPart, sha256 } from './manifest.js';
import { OfflineCopy } from './offline.js';
import type { HistoryStore } from './store.js';
import { withinTime } from './within-time.js';
import type { Host } from './published.js';
import type { PublicKeys } from './types.js';

/**
 * Bundles of several parts are hashed as a whole up to here. That the signed hashes of parts make another
 * one can only be a publisher's mistake, and a hash takes the memory of what is hashed once more.
 */
const kMostHashedWhole = 16 << 20;

export interface PublicationParts {
  origin: Origin;
  keys: PublicKeys;
  dataset: string | undefined;
  versions: HistoryStore;
  offline: boolean;
  host: Host;
}

/** A manifest that passed all checks; an engine only if its bundle is not the one in use. */
export interface Accepted {
  manifest: Manifest;
  engine: Engine | undefined;
  /** Remembers it, now that it is in use. */
  remember(): Promise<void>;
  /** Brings what was left for later; undefined: nothing was. */
  complete: (() => Promise<void>) | undefined;
}

/** A part and where it begins in the bundle. */
type Placed = readonly [part: PublishedPart, at: number];

/** What is kept of the newest manifest. */
type Seen = Pick<Manifest, 'version' | 'dataset' | 'digest'>;

export class Publication {
  /** Why the version or the offline copy could not be kept or read; undefined when all is well. */
  storageError: AttuneError | undefined;

  readonly #parts: PublicationParts;
  readonly #offline: OfflineCopy | undefined;
  /** The newest manifest that was in use. */
  #seen: Seen | undefined;
  #sha256: string | undefined;
  #etag: string | undefined;

  constructor(parts: PublicationParts) {
    this.#parts = parts;
    this.#offline =
      parts.offline && parts.origin.isUrl ? OfflineCopy.of(parts.origin.name) : undefined;
  }

  /**
   * The manifest of the origin; undefined: the one in use still is. With `pending` parts that can wait
   * are left for later, and that is the error of what needs them before.
   */
  async newest(pending?: Pending): Promise<Accepted | undefined> {
    const found = await this.#parts.origin.manifest(this.#etag);
    return found && this.#accept(found, false, pending);
  }

  /** The manifest that was kept for starts without a network; it may have expired since. */
  async kept(): Promise<Accepted | undefined> {
    const text = await this.#storing(() => this.#offline?.manifest());
    return text === undefined ? undefined : this.#accept({ text, etag: undefined }, true);
  }

  async #accept(
    { text, etag }: ManifestText,
    old: boolean,
    pending?: Pending,
  ): Promise<Accepted | undefined> {
    const manifest = await openManifest(text, this.#parts.keys);
    const seen = await this.#highest();
    this.#checkDataset(manifest, seen);
    checkVersion(manifest, seen);
    if (!old && hasExpired(manifest)) throw expired(manifest);
    if (this.#seen?.digest === manifest.digest) {
      this.#etag = etag;
      return undefined;
    }
    if (manifest.bundle.sha256 === this.#sha256) {
      const remember = () => this.#remember(manifest, { text, etag }, undefined);
      return { manifest, engine: undefined, remember, complete: undefined };
    }
    const later: Placed[] = [];
    const bundle = await this.#bundle(manifest, pending && later);
    const engine = await this.#parts.host.open(bundle, later.length ? pending : undefined);
    const keep = () => this.#keep(manifest, text, engine);
    const complete = async () => {
      await this.#complete(engine, later);
      await keep();
    };
    const remember = () => this.#remember(manifest, { text, etag }, later.length ? undefined : keep);
    return { manifest, engine, remember, complete: later.length ? complete : undefined };
  }

  #checkDataset({ dataset }: Manifest, seen: Seen | undefined): void {
    const wanted = this.#parts.dataset ?? seen?.dataset ?? dataset;
    if (dataset === wanted) return;
    const message = `manifest: of the dataset ${JSON.stringify(dataset)}, not ${JSON.stringify(wanted)}`;
    throw fail('WRONG_DATASET', message);
  }

  /** The newest manifest that this device has seen, now or in an earlier run. */
  async #highest(): Promise<Seen | undefined> {
    const stored = await this.#storing(async () =>
      readSeen(await withinTime(this.#parts.versions.load(this.#parts.origin.name))),
    );
    const mine = this.#seen;
    return stored && (!mine || stored.version > mine.version) ? stored : mine;
  }

  /** The bundle; with `later` only what it cannot be opened without, and what is missing goes there. */
  async #bundle(manifest: Manifest, later: Placed[] | undefined): Promise<Opened> {
    const { bundle, parts } = manifest;
    const kept = await this.#storing(() => this.#offline?.file(nameOf(bundle)));
    if (kept && (await this.#isFile(kept, bundle))) return kept;
    const made = await this.#fromDelta(manifest);
    if (made) return made;
    let end = 0;
    const placed = parts.map((part): Placed => [part, (end += part.bytes) - part.bytes]);
    if (later) later.push(...placed.filter(([part]) => part.later));
    // Each straight to its place, and nothing is opened before all are what the manifest says.
    return async (room) => {
      const area = room(bundle.bytes);
      for (const [part, at] of placed)
        if (!later?.some((one) => one[1] === at)) await this.#file(part, area.subarray(at, at + part.bytes));
      const whole = !later?.length && parts.length > 1 && bundle.bytes <= kMostHashedWhole;
      if (!whole || (await this.#isFile(area, bundle))) return bundle.bytes;
      throw fail('HASH_MISMATCH', 'manifest: its files are not those of its bundle');
    };
  }

  /** Puts what was left for later where it belongs, when it is what the manifest says. */
  async #complete(engine: Engine, later: readonly Placed[]): Promise<void> {
    const area = new Uint8Array(Math.max(...later.map(([part]) => part.bytes)));
    for (const [part, at] of later) {
      const bytes = area.subarray(0, part.bytes);
      await this.#file(part, bytes);
      engine.bundle().set(bytes, at);
    }
    engine.openMetadata();
  }

  /** The bundle made of the kept older one. Undefined, whatever is wrong: then all is loaded. */
  async #fromDelta({ bundle, deltas }: Manifest): Promise<Uint8Array | undefined> {
    for (const delta of deltas) {
      const older = await this.#storing(() => this.#offline?.file(`${delta.from}.attune`));
      if (!older || delta.bytes > bundle.bytes / 2) continue;
      try {
        const bytes = new Uint8Array(delta.bytes);
        const length = await this.#parts.origin.file(`${delta.sha256}.delta`, bytes);
        if (!(await this.#isFile(bytes.subarray(0, length), delta))) continue;
        const { applyDelta } = await import('./delta.js');
        const made = await applyDelta(older, bytes, bundle.bytes);
        if (await this.#isFile(made, bundle)) return made;
      } catch {
        continue;
      }
    }
    return undefined;
  }

  /** Loads a file of just so many bytes. */
  async #file(file: PublishedFile, area: Uint8Array): Promise<void> {
    const { origin } = this.#parts;
    const name = nameOf(file);
    const length = await origin.file(name, area);
    if (await this.#isFile(area.subarray(0, length), file)) return;
    // The browser's cache may hold what a broken proxy once answered.
    if (globalThis.location) {
      const again = await origin.file(name, area, true);
      if (await this.#isFile(area.subarray(0, again), file)) return;
    }
    const message = `${name}: ${length} bytes that are not what the manifest says`;
    throw fail('HASH_MISMATCH', message);
  }

  async #isFile(bytes: Uint8Array, file: PublishedFile): Promise<boolean> {
    const { digest } = this.#parts.host;
    return bytes.length === file.bytes && (await sha256(bytes, digest)) === file.sha256;
  }

  async #remember(
    manifest: Manifest,
    { text, etag }: ManifestText,
    keep: (() => Promise<void>) | undefined,
  ): Promise<void> {
    const { version, dataset, digest } = manifest;
    const { origin, versions } = this.#parts;
    this.#seen = { version, dataset, digest };
    this.#sha256 = manifest.bundle.sha256;
    this.#etag = etag;
    this.storageError = undefined;
    await this.#storing(async () => {
      const stored = readSeen(await withinTime(versions.load(origin.name)));
      if (stored && stored.version >= version) return; // another tab was faster
      const bytes = new TextEncoder().encode(JSON.stringify({ version, dataset, digest }));
      await withinTime(versions.save(origin.name, bytes));
    });
    if (keep) await keep();
    else if (await this.#storing(() => this.#offline?.has(nameOf(manifest.bundle))))
      await this.#keep(manifest, text, undefined);
  }

  /** The copy for starts without a network: the bundle of an engine, or the one that is there. */
  async #keep({ bundle }: Manifest, text: string, engine: Engine | undefined): Promise<void> {
    await this.#storing(() =>
      this.#offline?.keep(text, nameOf(bundle), () => engine?.bundle() ?? new Uint8Array(0)),
    );
  }

  /** Storage that fails is noted and does not stop anything: what is in memory still counts. */
  async #storing<T>(act: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (cause) {
      const message = `the version or the offline copy cannot be stored: ${cause}`;
      this.storageError = new AttuneError('STORAGE', message, { cause });
      return undefined;
    }
  }
}

export function hasExpired({ expiresAt }: Manifest): boolean {
  return Date.now() / 1000 >= expiresAt;
}

export function expired({ expiresAt }: Manifest): AttuneError {
  const date = new Date(expiresAt * 1000);
  const when = Number.isNaN(date.getTime()) ? expiresAt : date.toISOString();
  return fail('EXPIRED', `manifest: it expired ${when}; publish the bundle anew`);
}

function checkVersion({ version, digest }: Manifest, seen: Seen | undefined): void {
  if (!seen || version > seen.version || (version === seen.version && digest === seen.digest)) return;
  const what = version === seen.version ? 'another manifest of' : `older than`;
  throw fail('ROLLBACK', `manifest: version ${version} is ${what} version ${seen.version}, seen before`);
}

function nameOf(file: PublishedFile): string {
  return `${file.sha256}.attune`;
}

function readSeen(bytes: Uint8Array | undefined): Seen | undefined {
  if (!bytes) return undefined;
  const { version, dataset, digest } = JSON.parse(new TextDecoder().decode(bytes)) as Seen;
  if (Number.isSafeInteger(version) && typeof dataset === 'string' && typeof digest === 'string')
    return { version, dataset, digest };
  throw new TypeError('the store returned something else than what was saved');
}
