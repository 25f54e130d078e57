// The copy of a published bundle that a page starts from without a network; the one file that knows
// the Cache API. What it holds was checked before, and is checked again when it is read.

const kPieceBytes = 1 << 20;

export class OfflineCopy {
  readonly #manifestUrl: string;

  private constructor(manifestUrl: string) {
    this.#manifestUrl = manifestUrl;
  }

  /** Undefined where there is no Cache API: outside of pages, and in pages without https. */
  static of(manifestUrl: string): OfflineCopy | undefined {
    return 'caches' in globalThis && globalThis.location ? new OfflineCopy(manifestUrl) : undefined;
  }

  /** The text of the manifest that was kept. */
  async manifest(): Promise<string | undefined> {
    return (await this.#match(this.#manifestUrl))?.text();
  }

  /** A file that was kept. */
  async file(name: string): Promise<Uint8Array | undefined> {
    const response = await this.#match(new URL(name, this.#manifestUrl).href);
    return response && new Uint8Array(await response.arrayBuffer());
  }

  /** Whether a file was kept. */
  async has(name: string): Promise<boolean> {
    return !!(await this.#match(new URL(name, this.#manifestUrl).href));
  }

  /**
   * Keeps a manifest with one file, and nothing else. The file first: a manifest has its file. `bytes`
   * gives the file where it lies now; a large one is never copied as a whole.
   */
  async keep(manifest: string, name: string, bytes: () => Uint8Array): Promise<void> {
    const cache = await this.#open();
    const file = new URL(name, this.#manifestUrl).href;
    if (!(await cache.match(file))) await cache.put(file, new Response(inPieces(bytes)));
    await cache.put(this.#manifestUrl, new Response(manifest));
    for (const { url } of await cache.keys())
      if (url !== file && url !== this.#manifestUrl) await cache.delete(url);
  }

  async #match(url: string): Promise<Response | undefined> {
    return (await this.#open()).match(url);
  }

  #open(): Promise<Cache> {
    return caches.open(`attune ${this.#manifestUrl}`);
  }
}

function inPieces(bytes: () => Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = bytes().slice(at, (at += kPieceBytes)) as Uint8Array<ArrayBuffer>;
      if (piece.length) controller.enqueue(piece);
      else controller.close();
    },
  });
}
