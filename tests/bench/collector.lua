-- wrk's script: each request is a batch of EVENTS new events of made-up users. Every thread draws
-- its own ids, so no event is a duplicate: UUIDs of version 7 as the tracker's, or of version 4 where
-- UUID=4.
local events = tonumber(os.getenv("EVENTS"))
local version = os.getenv("UUID") or "7"
local key = os.getenv("TRACKING_ID")
local threads = 0
local next_event = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local function uuid(now)
  local random = string.format("%04x-%04x%08x", math.random(0x8000, 0xbfff), math.random(0, 0xffff), next_event)
  if version == "4" then
    return string.format("%08x-%04x-4%03x-%s", math.random(0, 0xffffffff), math.random(0, 0xffff),
      math.random(0, 0xfff), random)
  end
  local ms = now * 1000 + math.random(0, 999)
  return string.format("%08x-%04x-7%02x%01x-%s", math.floor(ms / 65536), ms % 65536, run, id, random)
end

function init()
  math.randomseed(os.time() + id)
  run = math.random(0, 0xff)
  wrk.method = "POST"
  wrk.path = "/v1/events"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  local now = os.time()
  local parts = {}
  for i = 1, events do
    next_event = next_event + 1
    local user = math.random(1, 100000)
    parts[i] = string.format(
      '{"eventId":"%s","sessionId":"session-%d","userId":"user-%d","eventType":"click","itemId":"item-%d",' ..
      '"sentAt":%d,"recommendationId":"0e3bc9aa-f3ee-4d16-b0a5-%012d","properties":{"device":"phone"}}',
      uuid(now), user, user, math.random(1, 20000), now, next_event)
  end
  return wrk.format(nil, nil, nil, string.format(
    '{"trackingId":"%s","sentAt":%d,"events":[%s]}', key, now, table.concat(parts, ",")))
end

function done(summary, latency, requests)
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50Ms":%.2f,"p99Ms":%.2f,"maxMs":%.2f,"notOk":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
