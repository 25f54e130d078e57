// Rearranges an old bundle as if it had a newer one's items, as the tables of a delta say
// (../../trainer/export/rearrangement.h). Like wasm, it relies on a little-endian host's typed arrays.

/** How many items stay, then go, then come. */
export type Run = readonly [kept: number, gone: number, added: number];
/** What to do with the next `count` numbers, rows or offsets of `width` bytes each. */
export type Step = readonly [kind: number, width: number, count: number];

// Of step kinds, beside bytes that are taken as they are.
const kNumbers = 1;
const kRows = 2;
const kOffsets = 3;

/** The older bytes rearranged. Throws for tables that do not fit or would make more than `most`. */
export function rearranged(older: Uint8Array, runs: Run[], steps: Step[], most: number): Uint8Array {
  const numbers: number[] = []; // (old items) their new numbers
  let now = 0;
  for (const [kept, gone, added] of runs) {
    const rows = kept + gone;
    // A run without items, or a row without bytes, would be work for nothing.
    check(rows + added && numbers.length + rows <= older.length);
    for (let row = 0; row < rows; row++) numbers.push(now + Math.min(row, kept));
    now += kept + added;
  }

  const result = new Uint8Array(most);
  let end = 0;
  // Throws where there is no room, also for no bytes.
  const copy = (bytes: Uint8Array) => {
    result.set(bytes, end);
    end += bytes.length;
  };
  const copyRows = (bytes: Uint8Array, width: number) => {
    let from = 0;
    for (const [kept, gone, added] of runs) {
      copy(bytes.subarray(from, from + kept * width));
      from += (kept + gone) * width;
      end += added * width;
    }
  };

  let at = 0;
  for (const [kind, width, count] of steps) {
    const bytes = new Uint8Array(older.subarray(at, (at += width * count)));
    check(width && at <= older.length && (kind < kRows || count === numbers.length + kind - kRows));
    if (kind === kNumbers) {
      // Throws for another width.
      const Numbers = [, Uint8Array, Uint16Array, , Uint32Array][width]!;
      const view = new Numbers(bytes.buffer);
      view.forEach((old, i) => (view[i] = numbers[old] ?? old));
    }
    if (kind === kRows) copyRows(bytes, width);
    else if (kind === kOffsets) {
      const view = new Uint32Array(bytes.buffer);
      for (let i = count; --i; ) view[i]! -= view[i - 1]!;
      copy(bytes.subarray(0, 4));
      copyRows(bytes.subarray(4), 4);
    } else copy(bytes);
  }
  copy(older.subarray(at));
  return result.subarray(0, end);
}

export function check(fits: unknown): asserts fits {
  if (!fits) throw new Error('the delta does not fit');
}
