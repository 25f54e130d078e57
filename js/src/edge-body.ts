// A request's body, no longer than it may be.
import { WireError } from './wire-error.js';

const kMaxBodyBytes = 1 << 20;

export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length')) > kMaxBodyBytes) throw tooLong();
  const parts: Uint8Array[] = [];
  let length = 0;
  if (request.body) {
    const reader = request.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      length += part.value.length;
      if (length > kMaxBodyBytes) {
        await reader.cancel();
        throw tooLong();
      }
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new WireError(400, 'InvalidInputException', 'the body is not UTF-8');
  }
}

function tooLong(): WireError {
  return new WireError(413, 'RequestEntityTooLargeException', `the body is longer than ${kMaxBodyBytes} bytes`);
}
