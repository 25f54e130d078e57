// Verifies requests signed with AWS Signature Version 4, as every AWS client signs them
// (AWS General Reference, "Signature Version 4 signing process"; the service is `personalize`).
import { bytesOfHex, hmac, isHmac, sha256Hex, utf8 } from './digest.js';
import { WireError } from './wire-error.js';

const kAlgorithm = 'AWS4-HMAC-SHA256';
const kService = 'personalize';
const kMaxSkewMs = 15 * 60 * 1000;
const kRequired = ['host', 'x-amz-date'];

/** The secret of an access key; undefined for one that is not known. */
export type Credentials = (accessKeyId: string) => string | undefined | Promise<string | undefined>;

interface Authorization {
  accessKeyId: string;
  day: string;
  region: string;
  signedHeaders: string[];
  signature: string;
}

/** Throws 403 unless the request is signed, lately, by a key that is known. */
export async function verifySignature(
  request: Request,
  url: URL,
  body: Uint8Array<ArrayBuffer>,
  credentials: Credentials,
): Promise<void> {
  const authorization = parse(request.headers.get('authorization'));
  const time = request.headers.get('x-amz-date') ?? '';
  checkTime(time, authorization.day);
  for (const name of kRequired) {
    if (!authorization.signedHeaders.includes(name)) throw incomplete(`the header ${name} is not signed`);
  }
  const bodyHash = await sha256Hex(body);
  const claimed = request.headers.get('x-amz-content-sha256');
  if (claimed !== null && claimed !== bodyHash) throw wrong('x-amz-content-sha256 is not that of the body');
  const { accessKeyId, day, region, signature } = authorization;
  const secret = await credentials(accessKeyId);
  if (secret === undefined) {
    throw new WireError(403, 'UnrecognizedClientException', 'the access key is not known');
  }
  const canonical = canonicalRequest(request, url, authorization.signedHeaders, bodyHash);
  const scope = `${day}/${region}/${kService}/aws4_request`;
  const toSign = [kAlgorithm, time, scope, await sha256Hex(canonical)].join('\n');
  let key: Uint8Array<ArrayBuffer> = utf8(`AWS4${secret}`);
  for (const part of [day, region, kService, 'aws4_request']) key = await hmac(key, part);
  if (!(await isHmac(bytesOfHex(signature), key, toSign))) {
    throw wrong('the signature does not match: check the secret key and that nothing on the way changes the request');
  }
}

function parse(header: string | null): Authorization {
  if (!header) throw new WireError(403, 'MissingAuthenticationTokenException', 'the request is not signed');
  const fields = new Map(
    [...header.matchAll(/(\w+)=([^,\s]+)/g)].map(([, name, value]) => [name, value] as const),
  );
  const [accessKeyId, day, region, service, end] = fields.get('Credential')?.split('/') ?? [];
  const signedHeaders = fields.get('SignedHeaders')?.split(';') ?? [];
  const signature = fields.get('Signature') ?? '';
  const isWhole =
    header.startsWith(`${kAlgorithm} `) && end === 'aws4_request' && signedHeaders.length > 0 && /^[\da-f]{64}$/.test(signature);
  if (!isWhole || !accessKeyId || !day || !region) throw incomplete('the header authorization is not one of Signature Version 4');
  if (service !== kService) throw wrong(`the signature is for ${service}, not for ${kService}`);
  return { accessKeyId, day, region, signedHeaders, signature };
}

function checkTime(time: string, day: string): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  if (!parts || !time.startsWith(day)) throw incomplete('the header x-amz-date is missing or of another day than the signature');
  const [year, month, date, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number];
  const signedMs = Date.UTC(year, month - 1, date, hour, minute, second);
  if (!(Math.abs(Date.now() - signedMs) <= kMaxSkewMs)) {
    throw wrong(`the signature is of ${time}, more than 15 minutes from now: check the clock`);
  }
}

function canonicalRequest(request: Request, url: URL, signedHeaders: string[], bodyHash: string): string {
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  // Each part of the path is encoded once more than on the way here.
  const path = url.pathname.split('/').map(encoded).join('/');
  const headers = signedHeaders.map((name) => `${name}:${headerOf(request, url, name)}\n`).join('');
  return [request.method, path, query.join('&'), headers, signedHeaders.join(';'), bodyHash].join('\n');
}

function headerOf(request: Request, url: URL, name: string): string {
  const value = request.headers.get(name) ?? (name === 'host' ? url.host : '');
  return value.trim().replace(/ +/g, ' ');
}

/** RFC 3986: encodeURIComponent leaves some characters alone that AWS does not. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function incomplete(message: string): WireError {
  return new WireError(403, 'IncompleteSignatureException', message);
}

function wrong(message: string): WireError {
  return new WireError(403, 'InvalidSignatureException', message);
}
