// What attune/edge knows of a visitor from the network, and which pages may call it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { campaignArn, Edge, good, ORIGIN } from './edge-site.mjs';
import { bundles } from './fixtures.mjs';

/** The facts that a handler sees in a request with these headers, or with Cloudflare's `cf`. */
async function factsOf(headers, cf) {
  let found;
  const edge = new Edge({
    bundle: bundles.query,
    context: (facts) => {
      const { country, city, device, hour } = facts;
      found = { country, city, device, hour };
      return {};
    },
  });
  const request = new Request(`${ORIGIN}/recommend/u`, { headers });
  if (cf) Object.defineProperty(request, 'cf', { value: cf });
  await good(await edge.send(request));
  return found;
}

test('country and city come from the headers of several networks', async () => {
  for (const [headers, country, city] of [
    [{ 'cf-ipcountry': 'de', 'cf-ipcity': 'Köln'.normalize().replace('ö', 'o') }, 'DE', 'Koln'],
    [{ 'cloudfront-viewer-country': 'FR', 'cloudfront-viewer-city': 'Lyon' }, 'FR', 'Lyon'],
    [{ 'x-vercel-ip-country': 'BR', 'x-vercel-ip-city': 'S%C3%A3o%20Paulo' }, 'BR', 'São Paulo'],
    [{ 'cf-ipcountry': 'XX' }, undefined, undefined],
    [{ 'cf-ipcountry': 'T1' }, undefined, undefined],
    [{ 'cf-ipcountry': '<script>', 'x-vercel-ip-city': '%ff' }, undefined, '%ff'],
    [{}, undefined, undefined],
  ]) {
    const facts = await factsOf(headers);
    assert.deepEqual([facts.country, facts.city], [country, city], JSON.stringify(headers));
  }
  const facts = await factsOf({ 'cf-ipcountry': 'DE' }, { country: 'JP', city: '東京', timezone: 'Asia/Tokyo' });
  assert.deepEqual([facts.country, facts.city], ['JP', '東京']);
});

test('the device class comes from the network or from what the browser calls itself', async () => {
  const agents = {
    mobile: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1',
    tablet: 'Mozilla/5.0 (Linux; Android 15; SM-X910) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
    tv: 'Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) AppleWebKit/537.36 Version/8.0 TV Safari/537.36',
    desktop: 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
  };
  for (const [device, agent] of Object.entries(agents)) {
    assert.equal((await factsOf({ 'user-agent': agent })).device, device);
  }
  assert.equal((await factsOf({})).device, 'desktop');
  assert.equal((await factsOf({ 'cf-device-type': 'tablet', 'user-agent': agents.tv })).device, 'tablet');
  assert.equal((await factsOf({ 'cloudfront-is-smarttv-viewer': 'true', 'cloudfront-is-mobile-viewer': 'false' })).device, 'tv');
});

test('the hour is that at the visitor, where the zone is known, else of UTC', async () => {
  const now = new Date();
  const inZone = (timeZone) => Number(now.toLocaleString('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone }));
  for (const [headers, zone] of [
    [{ 'cf-timezone': 'Asia/Kolkata' }, 'Asia/Kolkata'],
    [{ 'cloudfront-viewer-time-zone': 'America/New_York' }, 'America/New_York'],
    [{ 'x-vercel-ip-timezone': 'nowhere' }, 'UTC'],
    [{}, 'UTC'],
  ]) {
    // The hour may have ended in between.
    assert.ok([inZone(zone), (inZone(zone) + 1) % 24].includes((await factsOf(headers)).hour), JSON.stringify(headers));
  }
});

test('facts act on the list, what the request says wins, and the answer varies with what was asked for', async () => {
  const edge = new Edge({ bundle: bundles.query, context: ({ device }) => ({ DEVICE: device === 'tv' ? 'tv' : 'phone', WEATHER: 'rain' }) });
  const tv = { 'cf-device-type': 'tv', 'user-agent': 'x smart-tv' };
  assert.ok((await edge.idsFor('u', { headers: tv })).every((id) => id.startsWith('tv-')));
  assert.ok((await edge.idsFor('u')).every((id) => id.startsWith('phone-')));
  assert.ok((await edge.idsFor('u', { headers: tv, body: { context: { DEVICE: 'phone' } } })).every((id) => id.startsWith('phone-')));
  const vary = (await edge.get('/recommend/u')).headers.get('vary');
  assert.match(vary, /user-agent/);
  assert.doesNotMatch(vary, /country/);
});

test('pages of named origins may call, with cookies; others may not', async () => {
  const edge = new Edge({ origins: ['https://shop.example'] });
  const call = (origin) => edge.post('/recommendations', { campaignArn, userId: 'u' }, origin ? { origin } : {});
  const allowed = await call('https://shop.example');
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://shop.example');
  assert.equal(allowed.headers.get('access-control-allow-credentials'), 'true');
  assert.match(allowed.headers.get('access-control-expose-headers'), /x-amzn-requestid, x-amzn-errortype/);
  for (const origin of ['https://shop.example.evil.example', 'http://shop.example', 'null', undefined]) {
    const response = await call(origin);
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    assert.equal(response.headers.get('vary'), 'Origin');
  }
  const all = new Edge({ origins: '*' });
  const response = await all.post('/recommendations', { campaignArn, userId: 'u' });
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  assert.equal(response.headers.get('access-control-allow-credentials'), null);
  const none = await new Edge().post('/recommendations', { campaignArn, userId: 'u' }, { origin: 'https://shop.example' });
  assert.equal(none.headers.get('access-control-allow-origin'), null);
});

test('a browser that asks first is told what the AWS clients may send', async () => {
  const edge = new Edge({ origins: ['https://shop.example'] });
  const ask = (origin) => edge.send(new Request(`${ORIGIN}/events`, { method: 'OPTIONS', headers: { origin } }));
  const { status, headers } = await ask('https://shop.example');
  assert.equal(status, 204);
  assert.equal(headers.get('access-control-allow-methods'), 'GET, HEAD, POST');
  for (const name of ['authorization', 'x-amz-date', 'x-amz-security-token', 'amz-sdk-invocation-id', 'content-type']) {
    assert.ok(headers.get('access-control-allow-headers').split(', ').includes(name), name);
  }
  assert.equal((await ask('https://evil.example')).headers.get('access-control-allow-origin'), null);
});
