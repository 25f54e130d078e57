// A published bundle as a device follows it: which manifest may be believed, and what is remembered
// of it. Nothing is remembered before everything was checked.
import type { Engine } from './abi.js';
import { AttuneError } from './errors.js';
import { concatenated, type ManifestText, type Origin } from './download.js';
import { fail, type Manifest, openManifest, type PublishedFile, sha256 } from './manifest.js';
import { OfflineCopy } from './offline.js';
import type { HistoryStore } from './store.js';
import { withinTime } from './within-time.js';
import type { PublicKeys } from './types.js';

export interface PublicationParts {
  origin: Origin;
  keys: PublicKeys;
  dataset: string | undefined;
  versions: HistoryStore;
  offline: boolean;
  /** Opens a bundle in an engine of its own. */
  open(bundle: Uint8Array): Promise<Engine>;
}

/** A manifest that passed all checks; an engine only if its bundle is not the one in use. */
export interface Accepted {
  manifest: Manifest;
  engine: Engine | undefined;
  /** Remembers it, now that it is in use. */
  remember(): Promise<void>;
}

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

  /** The manifest of the origin; undefined: the one in use still is. */
  async newest(): Promise<Accepted | undefined> {
    const found = await this.#parts.origin.manifest(this.#etag);
    return found && this.#accept(found, false);
  }

  /** The manifest that was kept for starts without a network; it may have expired since. */
  async kept(): Promise<Accepted | undefined> {
    const text = await this.#storing(() => this.#offline?.manifest());
    return text === undefined ? undefined : this.#accept({ text, etag: undefined }, true);
  }

  async #accept({ text, etag }: ManifestText, old: boolean): Promise<Accepted | undefined> {
    const manifest = await openManifest(text, this.#parts.keys);
    const seen = await this.#highest();
    this.#checkDataset(manifest, seen);
    checkVersion(manifest, seen);
    if (!old && hasExpired(manifest)) throw expired(manifest);
    if (this.#seen?.digest === manifest.digest) {
      this.#etag = etag;
      return undefined;
    }
    const bundle = manifest.bundle.sha256 === this.#sha256 ? undefined : await this.#bundle(manifest);
    const engine = bundle && (await this.#parts.open(bundle));
    return { manifest, engine, remember: () => this.#remember(manifest, { text, etag }, bundle) };
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

  async #bundle(manifest: Manifest): Promise<Uint8Array> {
    const { bundle, parts } = manifest;
    const kept = await this.#storing(() => this.#offline?.file(nameOf(bundle)));
    if (kept && (await isFile(kept, bundle))) return kept;
    const made = await this.#fromDelta(manifest);
    if (made) return made;
    const files: Uint8Array[] = [];
    for (const part of parts) files.push(await this.#file(part));
    const bytes = concatenated(files, bundle.bytes);
    if (await isFile(bytes, bundle)) return bytes;
    throw fail('HASH_MISMATCH', 'manifest: its files are not those of its bundle');
  }

  /** The bundle made of the kept older one. Undefined, whatever is wrong: then all is loaded. */
  async #fromDelta({ bundle, deltas }: Manifest): Promise<Uint8Array | undefined> {
    for (const delta of deltas) {
      const older = await this.#storing(() => this.#offline?.file(`${delta.from}.attune`));
      if (!older || delta.bytes > bundle.bytes / 2) continue;
      try {
        const bytes = await this.#parts.origin.file(`${delta.sha256}.delta`, delta.bytes);
        if (!(await isFile(bytes, delta))) continue;
        const { applyDelta } = await import('./delta.js');
        const made = await applyDelta(older, bytes, bundle.bytes);
        if (await isFile(made, bundle)) return made;
      } catch {
        continue;
      }
    }
    return undefined;
  }

  async #file(file: PublishedFile): Promise<Uint8Array> {
    const { origin } = this.#parts;
    const name = nameOf(file);
    const bytes = await origin.file(name, file.bytes);
    if (await isFile(bytes, file)) return bytes;
    // The browser's cache may hold what a broken proxy once answered.
    const again = globalThis.location && (await origin.file(name, file.bytes, true));
    if (again && (await isFile(again, file))) return again;
    const message = `${name}: ${bytes.length} bytes that are not what the manifest says`;
    throw fail('HASH_MISMATCH', message);
  }

  async #remember(
    manifest: Manifest,
    { text, etag }: ManifestText,
    bundle: Uint8Array | undefined,
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
    await this.#storing(async () => {
      const bytes = bundle ?? (await this.#offline?.file(nameOf(manifest.bundle)));
      if (bytes) await this.#offline?.keep(text, nameOf(manifest.bundle), bytes);
    });
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

async function isFile(bytes: Uint8Array, file: PublishedFile): Promise<boolean> {
  return bytes.length === file.bytes && (await sha256(bytes)) === file.sha256;
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
