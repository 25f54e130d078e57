// One contender in one host: opens it, searches, and says how long it took. Runs in pages and in Node.
import { below, race, uniform } from '../laps.mjs';

export { race };

const now = () => performance.now();

async function checked(pending, results) {
  const list = await pending;
  if (list.length !== results) throw new Error(`${list.length} results instead of ${results}`);
  return list;
}

/** `shape` is { items, dimension, results }; `files` and `wasm` are addresses of folders. */
export async function visit(open, { files, wasm, ...shape }) {
  const query = () => Float32Array.from({ length: shape.dimension }, () => uniform() - 0.5);
  const start = now();
  const opened = await open({ ...shape, files: new URL(files), wasm: new URL(wasm), query, below });
  const loaded = now();
  await checked(opened.search(), shape.results);
  const first = now();
  return { opened, loadMs: loaded - start, firstMs: first - start };
}

/** Contenders that were opened, in turns; each work is a function that gives a list. */
export function raceLists(works, { results }, laps) {
  const contenders = Object.fromEntries(
    Object.entries(works).map(([name, work]) => [
      name,
      () => {
        const pending = work();
        if (pending instanceof Promise) return checked(pending, results);
        if (pending.length !== results) throw new Error(`${name}: ${pending.length} results`);
      },
    ]),
  );
  return race(contenders, laps);
}
