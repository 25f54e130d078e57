// The verifier for hosts whose WebCrypto cannot: against RFC 8032's examples and Node's own crypto.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { afterEach, describe, test } from 'node:test';

import { verifyEd25519 } from '../../js/dist/ed25519.js';
import { load, memoryStore } from '../../js/dist/node.js';
import { sha256, sha512 } from '../../js/dist/sha2.js';
import { errorOf } from './fixtures.mjs';
import { fileOf, later, manifestOf, newKey, shop, signed, Site } from './publishing.mjs';

const hex = (text) => Buffer.from(text, 'hex');
const nodeHash = (name, bytes) => createHash(name).update(bytes).digest('hex');
const kOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** RFC 8032, 7.1: public key, message, signature. */
const kExamples = [
  ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
  ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
];

test('the examples of RFC 8032 are right, and wrong for another message', () => {
  for (const [key, message, signature] of kExamples) {
    assert.equal(verifyEd25519(hex(key), hex(message), hex(signature)), true);
    assert.equal(verifyEd25519(hex(key), hex(`${message}00`), hex(signature)), false);
  }
});

test('SHA-256 and SHA-512 of all lengths around a block are those of Node', () => {
  for (let length = 0; length < 300; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length) & 255));
    assert.equal(Buffer.from(sha256(bytes)).toString('hex'), nodeHash('sha256', bytes), `${length}`);
    assert.equal(Buffer.from(sha512(bytes)).toString('hex'), nodeHash('sha512', bytes), `${length}`);
  }
  const large = Buffer.alloc(3_000_001, 'attune');
  assert.equal(Buffer.from(sha256(large)).toString('hex'), nodeHash('sha256', large));
});

test('a signature of Node is right, and every flipped bit of it, of the key or the message shows', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const message = Buffer.from('attune manifest 1\n{}');
  const signature = sign(null, message, privateKey);
  assert.equal(verifyEd25519(key, message, signature), true);
  const flip = (bytes, bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  };
  for (let bit = 0; bit < 512; bit += 5)
    assert.equal(verifyEd25519(key, message, flip(signature, bit)), false, `signature ${bit}`);
  for (let bit = 0; bit < 256; bit += 11)
    assert.equal(verifyEd25519(flip(key, bit), message, signature), false, `key ${bit}`);
  for (let bit = 0; bit < 8 * message.length; bit += 11)
    assert.equal(verifyEd25519(key, flip(message, bit), signature), false, `message ${bit}`);
});

test('it agrees with Node on many keys and messages, right and wrong', () => {
  for (let i = 0; i < 40; i++) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const message = Buffer.from('x'.repeat(i * 9));
    const signature = sign(null, message, privateKey);
    if (i % 3 === 0) signature[i] ^= 16;
    assert.equal(verifyEd25519(key, message, signature), verify(null, message, publicKey, signature), `${i}`);
  }
});

test('signatures that could be written in two ways, and points that are none, are refused', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const key = der.subarray(-32);
  const message = Buffer.from('m');
  const signature = sign(null, message, privateKey);
  // s + L is the same number modulo the order.
  let s = kOrder + signature.subarray(32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const malleable = Buffer.from(signature);
  for (let i = 32; i < 64; i++, s >>= 8n) malleable[i] = Number(s & 255n);
  assert.equal(verifyEd25519(key, message, malleable), false);
  assert.equal(verify(null, message, publicKey, malleable), false);
  const beyond = Buffer.alloc(32, 255); // y = 2^255 - 1 is above p
  assert.equal(verifyEd25519(beyond, message, signature), false);
  let notOnCurve = 0;
  for (let y = 2; y < 40; y++) {
    const point = Buffer.alloc(32);
    point[0] = y;
    const claimed = createPublicKey({ key: Buffer.concat([der.subarray(0, -32), point]), type: 'spki', format: 'der' });
    assert.equal(verifyEd25519(point, message, signature), verify(null, message, claimed, signature));
    notOnCurve++;
  }
  assert.ok(notOnCurve > 30);
  assert.equal(verifyEd25519(key.subarray(1), message, signature), false);
  assert.equal(verifyEd25519(key, message, signature.subarray(1)), false);
  assert.equal(verifyEd25519(key, message, Buffer.alloc(64)), false);
});

describe('a manifest on a host', () => {
  const real = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  afterEach(() => Object.defineProperty(globalThis, 'crypto', real));
  const pretend = (crypto) =>
    Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
  const { subtle } = globalThis.crypto;
  const hosts = {
    'without WebCrypto': undefined,
    'without crypto.subtle': { getRandomValues: () => {} },
    'whose WebCrypto does not know Ed25519': {
      subtle: {
        digest: (...values) => subtle.digest(...values),
        importKey: async () => { throw new DOMException('Unrecognized name.', 'NotSupportedError'); },
        verify: async () => assert.fail('nothing was imported'),
      },
    },
  };
  for (const [what, crypto] of Object.entries(hosts)) {
    test(`${what} loads when it is signed, and is refused when it is not`, async () => {
      const site = await new Site().start();
      const key = newKey();
      const options = { publicKeys: [key.text], versionStore: memoryStore() };
      pretend(crypto);
      site.publish(signed(manifestOf(shop), key));
      const recommender = await load(site.manifest, options);
      assert.equal(recommender.itemCount, 31);
      site.publish(signed(manifestOf(shop, { version: 2 }), newKey()));
      await assert.rejects(recommender.update(), errorOf('BAD_SIGNATURE'));
      site.publish(signed(manifestOf(shop, { version: 2 }), key).replace('\\"version\\":2', '\\"version\\":3'));
      await assert.rejects(recommender.update(), errorOf('BAD_SIGNATURE'));
      site.publish(signed(manifestOf(later, { version: 2 }), key), later);
      site.files.set(`/shop/${fileOf(later).sha256}.attune`, shop);
      await assert.rejects(recommender.update(), errorOf('HASH_MISMATCH'));
      recommender.dispose();
      site.stop();
    });
  }
});
