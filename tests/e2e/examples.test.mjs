// examples/static-site and examples/node-server as they stand, visited.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { root } from '../js/fixtures.mjs';
import { installPackage, programs } from '../js/programs.mjs';
import { axeViolations, noBrowser as skip, screenshot, startBrowser, watch } from './shop-site.mjs';

let browser;
let site;
const running = [];

before(async () => {
  if (skip) return;
  site = mkdtempSync(join(tmpdir(), 'attune-static-site-'));
  execFileSync('bash', [join(root, 'examples/static-site/build.sh'), site], { stdio: 'pipe', timeout: 120_000 });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  for (const child of running) child.kill();
  if (site) rmSync(site, { recursive: true, force: true });
});

/** Starts a server program; the address that it prints. */
async function start(program, ...values) {
  const child = spawn(process.execPath, [program, ...values], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text) => resolve(text.trim()));
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
  });
}

async function startNodeServer() {
  installPackage();
  const program = join(programs, 'node-server.mjs');
  copyFileSync(join(root, 'examples/node-server/server.mjs'), program);
  return start(program, join(site, 'shop.attune'), '0');
}

async function visit(url, options) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(60_000);
  watch(page);
  await page.goto(url);
  return page;
}

const rows = (page) => page.locator('attune-shelf li').evaluateAll((list) => list.map(({ dataset }) => dataset.itemId));

test('the static site recommends, follows, remembers and forgets, and axe-core finds nothing', { skip }, async () => {
  const url = await start(join(root, 'examples/static-site/serve.mjs'), site, '0');
  const page = await visit(url);
  const ready = page.locator('attune-shelf[data-state="ready"]');
  await ready.waitFor();
  const popular = await rows(page);
  assert.equal(popular.length, 8);
  assert.match(await page.locator('li button').first().innerText(), /^[A-Z][\w -]+\s+\w+, \d+(\.\d+)?$/);
  assert.deepEqual(await axeViolations(page), []);
  await screenshot(page, 'static-site');
  await page.locator('li button').nth(2).click();
  const personal = await rows(page);
  assert.notDeepEqual(personal, popular);
  await page.evaluate(() => document.querySelector('attune-shelf').session.flush());
  await page.reload();
  await ready.waitFor();
  assert.deepEqual(await rows(page), personal, 'kept on the device');
  await page.locator('#forget').click();
  assert.deepEqual(await rows(page), popular);
  assert.deepEqual(page.complaints, [], 'the hashes in the policy are those of the page');
  assert.deepEqual(await axeViolations(page), []);
  await page.context().close();
  const phone = await visit(url, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  await phone.locator('attune-shelf[data-state="ready"]').waitFor();
  assert.deepEqual(await axeViolations(phone), []);
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'no sideways scrolling');
  await screenshot(phone, 'static-site-phone');
  await phone.context().close();
});

test('a page rendered by the Node server follows its visitor without a script, and axe-core finds nothing', { skip }, async () => {
  const page = await visit(await startNodeServer(), { javaScriptEnabled: false });
  assert.equal(await page.getByRole('heading', { level: 2 }).innerText(), 'Popular now');
  const links = (name) => page.getByRole('region', { name }).getByRole('link').allInnerTexts();
  const popular = await links('Popular now');
  assert.equal(popular.length, 6);
  await page.getByRole('link').nth(3).click();
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), popular[3]);
  const [similar, forYou] = [await links('Similar'), await links('For you')];
  assert.deepEqual([similar.length, forYou.length], [6, 6]);
  assert.notDeepEqual(forYou, popular);
  assert.equal(new Set([...similar, ...forYou]).size, 12, 'no item twice on a page');
  await screenshot(page, 'node-server');
  assert.deepEqual(page.complaints, []);
  const other = await visit(page.url().replace(/items.*/, ''));
  assert.equal(await other.getByRole('heading', { level: 2 }).innerText(), 'Popular now', 'another visitor');
  // The same pages with scripts allowed, which axe-core needs.
  assert.deepEqual(await axeViolations(other), []);
  await other.getByRole('link').nth(3).click();
  assert.deepEqual(await axeViolations(other), [], 'the page of an item');
  await other.setViewportSize({ width: 390, height: 844 });
  await other.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await axeViolations(other), [], 'on a phone');
  assert.equal(await other.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'no sideways scrolling');
  await screenshot(other, 'node-server-phone');
  await other.context().close();
  await page.context().close();
});

test('the Node server answers what is not there, not allowed or not an address, and says what it takes', { skip }, async () => {
  const url = await startNodeServer();
  const statusOf = async (path, options) => (await fetch(url + path, options)).status;
  assert.equal(await statusOf('items/nowhere'), 404);
  assert.equal(await statusOf('items/'), 404);
  assert.equal(await statusOf('items/%E0%A4%A'), 400);
  assert.equal(await statusOf(`items/${'x'.repeat(300)}`), 400);
  assert.equal(await statusOf('', { method: 'POST' }), 405);
  const html = await (await fetch(`${url}items/${encodeURIComponent('<script>')}`)).text();
  assert.doesNotMatch(html, /<script/);
  for (const values of [[], ['nowhere.attune', '0'], ['shop.attune', 'x']]) {
    const run = () => execFileSync(process.execPath, [join(programs, 'node-server.mjs'), ...values], { stdio: 'pipe' });
    assert.throws(run, ({ status, stderr }) => status === 2 && /^server\.mjs: .+\n$/.test(String(stderr)));
  }
});

test('the static site cannot be left by an address, and its server says what it takes', { skip }, async () => {
  const program = join(root, 'examples/static-site/serve.mjs');
  const url = await start(program, site, '0');
  assert.equal((await fetch(`${url}..%2f..%2fetc/passwd`)).status, 404);
  assert.equal((await fetch(`${url}nowhere`)).status, 404);
  assert.equal(existsSync(join(site, 'attune/inline.js')), false);
  assert.throws(
    () => execFileSync(process.execPath, [program, join(site, 'nowhere')], { stdio: 'pipe' }),
    ({ status, stderr }) => status === 2 && /^serve\.mjs: .+ it takes a folder and a port.*\n$/.test(String(stderr)),
  );
});
