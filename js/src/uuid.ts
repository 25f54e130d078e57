/**
 * A UUID of version 7 (RFC 9562, section 5.7): the time in milliseconds, then random digits.
 *
 * Nobody guesses an id to gain by it, so Math.random will do: `crypto` takes Node 13 ms to start, and
 * its randomUUID is missing in pages without https.
 */
export function uuidV7(time: number): string {
  const start = hex(time, 12).replace(/.{8}/, '$&-');
  const { random } = Math;
  return `${start}-7${hex(random() * 4096, 3)}-${hex(0x8000 + random() * 0x4000, 4)}-${hex(random() * 2 ** 48, 12)}`;
}

function hex(value: number, digits: number): string {
  return Math.floor(value).toString(16).padStart(digits, '0');
}
