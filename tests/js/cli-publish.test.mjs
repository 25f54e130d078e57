// attune keygen, publish, rollback, sign and verify by hand, and killed at every step.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import {
  chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync,
  statSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { load, memoryStore } from '../../js/dist/node.js';
import { bundles, root } from './fixtures.mjs';
import { later, manifestOf, newKey, now, sha256, shop, signed } from './publishing.mjs';
import { refusal } from './refusal.mjs';

const ATTUNE = process.env.ATTUNE_BIN ?? join(root, 'build/native/attune');
const strace = spawnSync('strace', ['-V']).status === 0;

let folder;
let publicKey;
const at = (...names) => join(folder, ...names);
const attune = (...options) => spawnSync(ATTUNE, options, { encoding: 'utf8', cwd: folder });

function succeeds(...options) {
  const { status, stdout, stderr } = attune(...options);
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Runs a command that must fail and returns its one line. */
const refused = (...options) => refusal(attune(...options), options.join(' '));

const publishing = (bundle, ...more) =>
  ['publish', '--bundle', bundle, '--to', 'shop', '--key', 'shop.key', ...more];
const published = (...options) => JSON.parse(succeeds(...options, '--json'));
const manifest = (name = 'manifest.json') => JSON.parse(readFileSync(at('shop', name), 'utf8'));
const text = (name) => JSON.parse(manifest(name).signed);
const files = () => readdirSync(at('shop')).sort();
const bundleFiles = () => files().filter((name) => name.endsWith('.attune'));

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-publish-'));
  publicKey = JSON.parse(succeeds('keygen', '--output', 'shop.key', '--json')).publicKey;
  succeeds('keygen', '--output', 'new.key');
});
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(at('shop'), { recursive: true, force: true }));

describe('keys', () => {
  test('a private key is for its owner only, and openssl-like tools can read it', () => {
    assert.equal(statSync(at('shop.key')).mode & 0o777, 0o600);
    assert.equal(readFileSync(at('shop.key.pub'), 'utf8'), `${publicKey}\n`);
    const raw = createPublicKey(readFileSync(at('shop.key'))).export({ type: 'spki', format: 'der' });
    assert.equal(raw.subarray(-32).toString('base64'), publicKey);
  });

  test('a key is never overwritten, nor is a public one', () => {
    const old = readFileSync(at('shop.key'), 'utf8');
    assert.match(refused('keygen', '--output', 'shop.key'), /never overwritten/);
    writeFileSync(at('lone.key.pub'), 'x');
    assert.match(refused('keygen', '--output', 'lone.key'), /lone\.key\.pub is there already/);
    assert.equal(existsSync(at('lone.key')), false);
    assert.equal(readFileSync(at('shop.key'), 'utf8'), old);
  });

  test('what is no key, a key that others may read and a missing one are refused', () => {
    writeFileSync(at('bad.key'), 'not a key');
    chmodSync(at('bad.key'), 0o600);
    assert.match(refused(...publishing(bundles.sims, '--key', 'bad.key')), /bad\.key is not an Ed25519 private key/);
    copyFileSync(at('shop.key'), at('open.key'));
    chmodSync(at('open.key'), 0o644);
    assert.match(refused(...publishing(bundles.sims, '--key', 'open.key')), /chmod 600 open\.key/);
    assert.match(refused(...publishing(bundles.sims, '--key', 'shop.key.pub')), /not an Ed25519 private key/);
    assert.match(refused(...publishing(bundles.sims, '--key', 'none.key')), /none\.key: No such file/);
    assert.match(refused('keygen', '--output', 'no/folder.key'), /cannot write no\/folder\.key/);
    assert.equal(existsSync(at('shop')), false);
  });
});

describe('publish', () => {
  test('writes what another implementation verifies', () => {
    const said = published(...publishing(bundles.sims, '--expires', '12h'));
    assert.equal(said.version, 1);
    assert.equal(said.dataset, 'shop');
    assert.deepEqual(files(), ['.publish.lock', `${sha256(shop)}.attune`, 'manifest.json']);
    const { signed: payload, signatures } = manifest();
    const key = createPublicKey(readFileSync(at('shop.key')));
    const bytes = Buffer.from(`attune manifest 1\n${payload}`);
    assert.equal(verify(null, bytes, key, Buffer.from(signatures[0].sig, 'base64')), true);
    const { createdAt, expiresAt, ...rest } = JSON.parse(payload);
    const wanted = manifestOf(shop);
    assert.deepEqual(rest, {
      format: 1, dataset: 'shop', version: 1, bundle: wanted.bundle, parts: wanted.parts, deltas: [],
    });
    assert.equal(expiresAt - createdAt, 12 * 3600);
    assert.ok(Math.abs(createdAt - now()) < 60);
  });

  test('the package loads it, follows it, and goes back only to a new version', async () => {
    succeeds(...publishing(bundles.sims));
    const recommender = await load(at('shop/manifest.json'), {
      publicKeys: [publicKey], versionStore: memoryStore(),
    });
    assert.equal(recommender.itemCount, 31);
    succeeds(...publishing(bundles.later));
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.has('a0'), true);
    succeeds('rollback', '--to', 'shop', '--key', 'shop.key');
    assert.equal(await recommender.update(), true);
    assert.equal(recommender.version, 3);
    assert.equal(recommender.itemCount, 31);
    recommender.dispose();
  });

  test('splits a bundle into parts of at most so much', async () => {
    // A real bundle is needed that is longer than 1 MiB: many items.
    mkdirSync(at('big'), { recursive: true });
    succeeds('synth', '--world', 'shop', '--users', '50', '--items', '40000', '--interactions', '40000', '--seed', '1', '--output', 'big');
    for (const type of ['items', 'interactions'])
      succeeds('import', '--store', 'big.db', '--type', type, '--schema', `big/${type}.avsc`, `big/${type}.csv`);
    succeeds('train', '--store', 'big.db', '--recipe', 'popularity-count', '--validation', 'none', '--output', 'big.attune');
    const size = statSync(at('big.attune')).size;
    assert.ok(size > 1 << 20, `${size} bytes`);
    const said = published(...publishing('big.attune', '--max-part', '1'));
    const { parts } = text();
    assert.equal(said.files, parts.length);
    assert.equal(bundleFiles().length, said.files);
    assert.ok(parts.every(({ bytes }) => bytes <= 1 << 20));
    assert.equal(parts.reduce((sum, { bytes }) => sum + bytes, 0), size);
    assert.ok(parts.some(({ later }) => later), 'so much metadata is worth files of its own');
    assert.ok(parts.some(({ later }) => !later));
    const recommender = await load(at('shop/manifest.json'), {
      publicKeys: [publicKey], versionStore: memoryStore(),
    });
    assert.equal(recommender.itemCount, 40_000);
    recommender.dispose();
    succeeds('verify', 'shop/manifest.json', '--public-key', 'shop.key.pub');
  });

  test('versions only rise, also above those that were there once', () => {
    assert.equal(published(...publishing(bundles.sims, '--version', '41')).version, 41);
    assert.equal(published(...publishing(bundles.sims)).version, 42);
    assert.match(refused(...publishing(bundles.sims, '--version', '42')), /version 42 is not above 42/);
    rmSync(at('shop/manifest.json'));
    assert.equal(published(...publishing(bundles.sims)).version, 42);
  });

  test('the files of the newest earlier versions are kept, older ones and left-overs go', () => {
    const all = [bundles.sims, bundles.later, bundles.popularity, bundles.clock];
    succeeds(...publishing(all[0]));
    writeFileSync(at('shop', `${'0'.repeat(64)}.attune`), 'left over');
    writeFileSync(at('shop', `${'1'.repeat(64)}.attune.part`), 'left over');
    writeFileSync(at('shop/mine.txt'), 'not ours');
    for (const bundle of all.slice(1)) succeeds(...publishing(bundle, '--keep', '2'));
    const kept = all.slice(1).map((path) => `${sha256(readFileSync(path))}.attune`);
    assert.deepEqual(bundleFiles(), kept.sort());
    assert.deepEqual(files().filter((name) => /^m/.test(name)), ['manifest-2.json', 'manifest-3.json', 'manifest.json', 'mine.txt']);
  });

  test('a damaged file of the same name is written anew', () => {
    succeeds(...publishing(bundles.sims));
    const path = at('shop', `${sha256(shop)}.attune`);
    writeFileSync(path, Buffer.alloc(shop.length));
    assert.match(refused('verify', 'shop/manifest.json', '--public-key', publicKey), /is damaged/);
    succeeds(...publishing(bundles.sims));
    assert.deepEqual(readFileSync(path), shop);
  });

  test('refuses what devices would refuse', () => {
    assert.match(refused(...publishing('shop.key.pub')), /too short to be a bundle/);
    assert.match(refused(...publishing(bundles.sims, '--expires', '30')), /--expires wants a time.*"30"/);
    assert.match(refused(...publishing(bundles.sims, '--expires', '0d')), /--expires/);
    assert.match(refused(...publishing(bundles.sims, '--expires', '99999d')), /at most 10 years/);
    assert.match(refused(...publishing(bundles.sims, '--dataset', 'x'.repeat(300))), /1 to 256 bytes/);
    succeeds(...publishing(bundles.sims, '--dataset', 'films'));
    assert.match(refused(...publishing(bundles.sims, '--dataset', 'news')), /"films", not "news"/);
    assert.equal(published(...publishing(bundles.sims)).dataset, 'films');
  });

  test('does not go on with the manifest of another key, or one that was changed', () => {
    succeeds(...publishing(bundles.sims));
    const foreign = ['publish', '--bundle', bundles.later, '--to', 'shop', '--key', 'new.key'];
    assert.match(refused(...foreign), /signed by none of these keys/);
    assert.equal(published(...foreign, '--version', '9').version, 9);
    writeFileSync(at('shop/manifest.json'), readFileSync(at('shop/manifest.json'), 'utf8').replace('\\"version\\":9', '\\"version\\":1'));
    assert.match(refused(...foreign), /signed by none of these keys/);
    writeFileSync(at('shop/manifest.json'), '{}');
    assert.match(refused(...foreign), /manifest\.json has no "signed"/);
  });

  test('two at once: the second waits for nobody, it is refused', async () => {
    succeeds(...publishing(bundles.sims));
    const holder = spawn('flock', [at('shop/.publish.lock'), 'sh', '-c', 'echo held; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => { holder.stdout.once('data', resolve); });
    assert.match(refused(...publishing(bundles.later)), /another attune is publishing to shop/);
    holder.stdin.end('\n');
    await new Promise((resolve) => { holder.once('exit', resolve); });
    succeeds(...publishing(bundles.later));
  });
});

describe('rollback', () => {
  test('goes back to the bundle before, and before that, and to a version by name', () => {
    for (const bundle of [bundles.sims, bundles.later, bundles.popularity]) succeeds(...publishing(bundle));
    const back = (...more) => published('rollback', '--to', 'shop', '--key', 'shop.key', ...more);
    assert.equal(back().sha256, sha256(later));
    assert.equal(back().sha256, sha256(shop));
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key'), /no earlier bundle/);
    assert.equal(back('--to-version', '2').sha256, sha256(later));
    assert.equal(text().version, 6);
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key', '--to-version', '77'), /no earlier version 77/);
  });

  test('refuses when the old file is gone or damaged, and when nothing is published', () => {
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key'), /nothing is published in shop/);
    succeeds(...publishing(bundles.sims));
    succeeds(...publishing(bundles.later));
    const path = at('shop', `${sha256(shop)}.attune`);
    writeFileSync(path, 'x');
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key'), /is damaged/);
    rmSync(path);
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key'), /cannot read.*No such file/);
    assert.equal(text().version, 2);
  });

  test('an earlier manifest that somebody changed is not signed again', () => {
    succeeds(...publishing(bundles.sims));
    succeeds(...publishing(bundles.later));
    writeFileSync(at('shop/manifest-1.json'), signed(manifestOf(shop), newKey()));
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key'), /manifest-1\.json.*none of these keys/);
    copyFileSync(at('shop/manifest.json'), at('shop/manifest-1.json'));
    assert.match(refused('rollback', '--to', 'shop', '--key', 'shop.key'), /manifest-1\.json is of version 2/);
  });
});

describe('sign and verify', () => {
  const verifying = (...keys) =>
    ['verify', 'shop/manifest.json', ...keys.flatMap((key) => ['--public-key', key])];

  test('a second signature lets devices with either key go on', () => {
    succeeds(...publishing(bundles.sims));
    assert.match(refused(...verifying('new.key.pub')), /not signed by this key/);
    assert.match(succeeds('sign', 'shop/manifest.json', '--key', 'new.key'), /2 signatures/);
    assert.match(succeeds('sign', 'shop/manifest.json', '--key', 'new.key'), /2 signatures/);
    succeeds(...verifying('new.key.pub'));
    const said = JSON.parse(succeeds(...verifying(publicKey), '--json'));
    assert.equal(said.signer, publicKey);
    const both = published(...publishing(bundles.later, '--key', 'new.key'));
    assert.equal(both.version, 2);
    succeeds(...verifying('new.key.pub'));
    succeeds(...verifying('shop.key.pub'));
  });

  test('verify refuses what a device refuses', () => {
    succeeds(...publishing(bundles.sims));
    assert.match(refused(...verifying('nonsense')), /cannot read nonsense/);
    assert.match(refused(...verifying('shop.key')), /does not hold a public key/);
    const { privateKey, text: other } = newKey();
    const write = (changes) =>
      writeFileSync(at('shop/manifest.json'), signed(manifestOf(shop, changes), { privateKey, text: other }));
    write({});
    succeeds(...verifying(other));
    write({ expiresAt: now() - 5 });
    assert.match(refused(...verifying(other)), /has expired/);
    write({ format: 2 });
    assert.match(refused(...verifying(other)), /manifest format 2.*knows 1/);
    write({ version: -1 });
    assert.match(refused(...verifying(other)), /wrong "version": -1/);
    write({ parts: [] });
    assert.match(refused(...verifying(other)), /do not make its bundle/);
    write({ parts: [{ sha256: '../../x', bytes: shop.length }] });
    assert.match(refused(...verifying(other)), /wrong "sha256"/);
    writeFileSync(at('shop/manifest.json'), 'x'.repeat(100_000));
    assert.match(refused(...verifying(other)), /longer than/);
  });
});

describe('killed at any step', { skip: !strace && 'strace is not there' }, () => {
  // The calls by which a publication becomes visible or durable.
  for (const call of ['write', 'fsync', 'linkat', 'rename', 'unlink,unlinkat', 'openat']) {
    test(`at every ${call}, readers see the old version or the new one, complete`, () => {
      succeeds(...publishing(bundles.sims));
      succeeds(...publishing(bundles.popularity));
      cpSync(at('shop'), at('start'), { recursive: true });
      let kills = 0;
      const versions = new Set();
      // The loader's own openat calls come first and change nothing: only every fifth is cut.
      for (let nth = 1; nth < 400; nth += call === 'openat' ? 5 : 1) {
        rmSync(at('shop'), { recursive: true });
        cpSync(at('start'), at('shop'), { recursive: true });
        const { signal, status } = spawnSync(
          'strace',
          ['-f', '-o', '/dev/null', '-e', `inject=${call}:signal=SIGKILL:when=${nth}`, ATTUNE,
            ...publishing(bundles.later, '--keep', '1')],
          { cwd: folder, encoding: 'utf8' },
        );
        const killed = signal === 'SIGKILL' || status === 137;
        const seen = JSON.parse(succeeds('verify', 'shop/manifest.json', '--public-key', 'shop.key.pub', '--json'));
        versions.add(seen.version);
        assert.ok([2, 3].includes(seen.version));
        // Whoever comes next is not held up by what was left behind.
        const next = published(...publishing(bundles.clock));
        assert.ok(next.version > seen.version);
        assert.equal(files().some((name) => name.endsWith('.part')), false);
        if (!killed) break;
        kills++;
      }
      rmSync(at('start'), { recursive: true });
      assert.ok(kills > 0, 'nothing was killed');
      assert.ok(versions.has(3), 'the last run ended');
    });
  }
});
