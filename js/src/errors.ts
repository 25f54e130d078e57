/**
 * The codes that this package raises itself. Errors of the runtime carry the runtime's own codes,
 * such as `NOT_A_BUNDLE`, `CORRUPT_BUNDLE` or `INVALID_FILTER`, which come out of the module as
 * text; runtime/base/error_codes.inc is their home.
 */
export type LocalErrorCode =
  /** A value passed by the caller is not allowed; the message names it. */
  | 'INVALID_ARGUMENT'
  /** The item, or the filter of that name, is not in the bundle. */
  | 'NOT_FOUND'
  /** Memory for the bundle could not be had. */
  | 'OUT_OF_MEMORY'
  /** The provenance text of the bundle is not JSON. */
  | 'CORRUPT_BUNDLE'
  /** A fetch failed or was answered with an error status. */
  | 'NETWORK'
  /** The source is no manifest, or one that contradicts itself. */
  | 'BAD_MANIFEST'
  /** None of the pinned public keys has signed the manifest. */
  | 'BAD_SIGNATURE'
  /** The manifest is of another dataset. */
  | 'WRONG_DATASET'
  /** The manifest is older than one seen before. */
  | 'ROLLBACK'
  /** The manifest was not loaded before it expired. */
  | 'EXPIRED'
  /** A file has another size or SHA-256 than the manifest says. */
  | 'HASH_MISMATCH'
  /** The items' metadata have not come yet. */
  | 'NOT_LOADED'
  /** A local file could not be read. */
  | 'FILE_UNREADABLE'
  /** The caller's signal aborted the loading. */
  | 'ABORTED'
  /** The recommender, session or tracker was used after `dispose()`. */
  | 'DISPOSED'
  /** attune.wasm could not be found, compiled or is of another version. */
  | 'WASM_UNAVAILABLE'
  /** The device's storage failed; only ever seen in `storageError` of a recommender, session or tracker. */
  | 'STORAGE'
  /** A bug in Attune: the module trapped. The recommender cannot be used any more. */
  | 'INTERNAL';

/** A code of this package, or one that a collector or a service gave. */
export type ErrorCode = LocalErrorCode | (string & {});

/** The one error this package throws. */
export class AttuneError extends Error {
  /** Hosts print that of the class, which is shortened in the files of the package. */
  static override readonly name = 'AttuneError';
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Where: a byte offset of the bundle, a column (from 1) of a filter. Undefined for nowhere. */
  readonly at: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    { cause, at }: { cause?: unknown; at?: number } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AttuneError';
    this.code = code;
    this.at = at;
  }
}

export function outOfMemory(bytes: number): AttuneError {
  return new AttuneError('OUT_OF_MEMORY', `no memory for ${bytes} bytes`);
}

/** What an error of others says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A part of the package that is loaded when it is needed. */
export function partOf<T>(part: Promise<T>): Promise<T> {
  return part.catch((cause: unknown) => {
    throw new AttuneError('NETWORK', `a part of attune cannot be had: ${messageOf(cause)}`, { cause });
  });
}
