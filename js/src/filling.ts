// Bundles that come piece by piece go straight into the module's memory: a large one is there once.
import { AttuneError, messageOf } from './errors.js';

/**
 * Puts a bundle into memory and returns how many bytes it has. `room` gives the memory; asked once
 * more it gives another one and takes the first away.
 */
export type Fill = (room: (bytes: number) => Uint8Array) => Promise<number>;

/** A bundle as an engine takes it. */
export type Opened = Uint8Array | Fill;

/** Makes the error of what needs the items' metadata before they are there. */
export type Pending = () => AttuneError;

/** No bundle is larger (BundleLimits::kMaxBytes), whatever a header says. */
const kMaxBytes = 2 ** 30;

/** What a response brings. */
export function fillFrom(response: Response): Fill {
  return async (room) => {
    try {
      const reader = response.body?.getReader();
      if (reader) return await pour(reader, announced(response), room);
      const bytes = new Uint8Array(await response.arrayBuffer());
      room(bytes.length).set(bytes);
      return bytes.length;
    } catch (cause) {
      if (cause instanceof AttuneError) throw cause;
      const message = `bundle: the response broke off: ${messageOf(cause)}`;
      throw new AttuneError('NETWORK', message, { cause });
    }
  };
}

/** The length that the headers promise, or 0. It is of the bytes on their way, which may be compressed. */
function announced({ headers }: Response): number {
  const length = Number(headers.get('content-length'));
  return headers.has('content-encoding') || !(length <= kMaxBytes) ? 0 : length;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function pour(reader: Reader, expected: number, room: Parameters<Fill>[0]): Promise<number> {
  let area = room(expected);
  let length = 0;
  const more: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > expected) more.push(value);
    else area.set(value, length);
    length += value.length;
  }
  if (more.length === 0) return length;
  // A compressed one, of which a page may not see that it is.
  let end = length - more.reduce((sum, part) => sum + part.length, 0);
  const first = area.slice(0, end);
  area = room(length);
  area.set(first);
  for (const part of more) {
    area.set(part, end);
    end += part.length;
  }
  return length;
}
