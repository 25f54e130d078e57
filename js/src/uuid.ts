/**
 * A UUID of version 7 (RFC 9562, section 5.7): the time in milliseconds, 12 bits of `sequence` and
 * 62 of `random`, a function of [0, 1). Equal times sort by their sequence.
 */
export function uuidV7(time: number, random: () => number, sequence = random() * 4096): string {
  const start = hex(time, 12).replace(/.{8}/, '$&-');
  return `${start}-7${hex(sequence, 3)}-${hex(0x8000 + random() * 0x4000, 4)}-${hex(random() * 2 ** 48, 12)}`;
}

function hex(value: number, digits: number): string {
  return Math.floor(value).toString(16).padStart(digits, '0');
}
