// What is at a URL, as bytes: in a page by fetch(), in Node from a file.
export async function bytesAt(url) {
  if (url.protocol !== 'file:') return new Uint8Array(await (await fetch(url)).arrayBuffer());
  const { readFile } = await import('node:fs/promises');
  return readFile(url);
}

export async function floatsAt(url) {
  const bytes = await bytesAt(url);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
