/**
 * The number as people wrote it, if the bundle holds it in single precision: 4.1 comes back as
 * 4.099999904632568, whose shortest decimal in single precision is 4.1. Other numbers stay.
 */
export function shortest(value: number): number {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; ; digits++) {
    const short = Number(value.toPrecision(digits));
    if (digits > 8 || Math.fround(short) === value) return short;
  }
}
