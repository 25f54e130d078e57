#include "trainer/server/event_request.h"

#include <algorithm>
#include <cmath>

#include "trainer/export/sha256.h"
#include "trainer/server/http.h"
#include "trainer/server/json_body.h"
#include "trainer/server/limits.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

constexpr double kLatestSeconds = 1e11;  // the year 5138; in milliseconds 1973

std::string entryPath(const std::string& list, size_t index) {
  return list + '[' + std::to_string(index) + ']';
}

int64_t readMs(const ObjectReader& reader, const char* name) {
  const double seconds = reader.number(name);
  if (seconds < 0 || seconds >= kLatestSeconds)
    throw invalidInput(reader.pathOf(name) + " must be in seconds since 1970" +
                       (seconds > 0 ? ", and looks like milliseconds" : ""));
  return std::llround(seconds * 1000);
}

/// When the event happened by the collector's clock.
int64_t eventTime(const ObjectReader& reader, int64_t skewMs, int64_t receivedMs) {
  const int64_t time = readMs(reader, "sentAt") + skewMs;
  if (time > receivedMs + limits::kFutureEventMs)
    throw invalidInput(reader.pathOf("sentAt") + " is more than a day in the future");
  if (time < limits::kEarliestEventMs)
    throw invalidInput(reader.pathOf("sentAt") + " is before the year 2000");
  return std::min(time, receivedMs);
}

std::string readImpression(const ObjectReader& reader) {
  if (reader.find("impression") == nullptr) return "";
  const Json& list = reader.list("impression", limits::kImpressionIds);
  for (size_t i = 0; i < list.size(); ++i)
    readText(list[i], entryPath(reader.pathOf("impression"), i), limits::kIdChars);
  return list.dump();
}

std::string readAttribution(const ObjectReader& reader) {
  const Json* given = reader.find("metricAttribution");
  if (given == nullptr) return "";
  const ObjectReader attribution(*given, reader.pathOf("metricAttribution"));
  std::string source = attribution.text("eventAttributionSource", limits::kAttributionSourceChars);
  const bool isPrintable =
      std::all_of(source.begin(), source.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!isPrintable || source.find_first_not_of(' ') == std::string::npos)
    throw invalidInput(attribution.pathOf("eventAttributionSource") +
                       " must be printable ASCII and not only spaces");
  return source;
}

/// What both forms of an event have in common.
Event readEvent(const ObjectReader& reader, int64_t skewMs, int64_t receivedMs,
                bool propertiesMayBeObject) {
  Event event;
  event.receivedMs = receivedMs;
  event.eventType = reader.text("eventType", limits::kIdChars);
  event.timeMs = eventTime(reader, skewMs, receivedMs);
  event.itemId = reader.optionalText("itemId", limits::kIdChars);
  event.eventValue = reader.optionalNumber("eventValue");
  event.properties = propertiesOf(reader, limits::kEventPropertiesChars, propertiesMayBeObject);
  event.impression = readImpression(reader);
  event.recommendationId = reader.optionalText("recommendationId", limits::kRecommendationIdChars);
  event.attributionSource = readAttribution(reader);
  return event;
}

/// One event of a batch: the fault of one does not keep the others from being stored.
EventEntry readEntry(const Json& value, size_t index, int64_t skewMs, int64_t receivedMs) {
  EventEntry entry;
  try {
    const ObjectReader reader(value, entryPath("events", index));
    entry.eventId = reader.text("eventId", limits::kIdChars);
    Event event = readEvent(reader, skewMs, receivedMs, true);
    event.sessionId = reader.text("sessionId", limits::kIdChars);
    event.userId = reader.optionalText("userId", limits::kIdChars);
    event.anonymousId = reader.optionalText("anonymousId", limits::kIdChars);
    entry.userToken = reader.optionalText("userToken", limits::kUserTokenChars);
    entry.event = std::move(event);
  } catch (const ApiError& error) {
    entry.message = error.what();
  }
  return entry;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The 48 bits of time of a UUID of version 7 (RFC 9562): xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx.
std::optional<std::array<uint8_t, 6>> uuidTime(std::string_view id) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx";
  if (id.size() != kForm.size()) return std::nullopt;
  std::array<uint8_t, 6> time{};
  size_t digits = 0;
  for (size_t i = 0; i < id.size(); ++i) {
    const int digit = hexDigit(id[i]);
    if (kForm[i] == 'x' ? digit < 0 : id[i] != kForm[i]) return std::nullopt;
    if (kForm[i] != 'x' || digits == 2 * time.size()) continue;
    time[digits / 2] = static_cast<uint8_t>(16 * time[digits / 2] + digit);
    ++digits;
  }
  return time;
}

}  // namespace

EventRequest readPutEvents(std::string_view text, int64_t receivedMs) {
  const Json body = parseBody(text);
  const ObjectReader reader(body, "");
  EventRequest request;
  request.trackingId = reader.text("trackingId", limits::kIdChars);
  const std::string sessionId = reader.text("sessionId", limits::kIdChars);
  const std::string userId = reader.optionalText("userId", limits::kIdChars);
  const std::string userToken = reader.optionalText("userToken", limits::kUserTokenChars);
  const Json& events = reader.list("eventList", limits::kPutEvents);
  for (size_t i = 0; i < events.size(); ++i) {
    const ObjectReader one(events[i], entryPath("eventList", i));
    EventEntry& entry = request.entries.emplace_back();
    entry.eventId = one.optionalText("eventId", limits::kIdChars);
    entry.event = readEvent(one, 0, receivedMs, false);
    entry.event->sessionId = sessionId;
    entry.event->userId = userId;
    entry.userToken = userToken;
  }
  return request;
}

EventRequest readEventBatch(std::string_view text, int64_t receivedMs) {
  const Json body = parseBody(text);
  const ObjectReader reader(body, "");
  EventRequest request;
  request.trackingId = reader.optionalText("trackingId", limits::kIdChars);
  const int64_t skewMs = receivedMs - readMs(reader, "sentAt");
  const double dropped = reader.optionalNumber("dropped").value_or(0);
  if (dropped < 0 || dropped > 1e15 || dropped != std::floor(dropped))
    throw invalidInput("dropped must be a whole number, 0 or more");
  request.dropped = static_cast<uint64_t>(dropped);
  const Json& events = reader.list("events", limits::kBatchEvents);
  for (size_t i = 0; i < events.size(); ++i)
    request.entries.push_back(readEntry(events[i], i, skewMs, receivedMs));
  return request;
}

EventKey eventKey(std::string_view tracker, std::string_view eventId) {
  std::string text(tracker);
  text += '\0';  // ids hold none, so no two pairs give the same text
  text += eventId;
  const Sha256 hash = sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  EventKey key{};
  size_t from = 0;
  if (const auto time = uuidTime(eventId)) {
    std::copy(time->begin(), time->end(), key.begin());
    from = time->size();
  }
  std::copy_n(hash.begin(), key.size() - from, key.begin() + static_cast<std::ptrdiff_t>(from));
  return key;
}

}  // namespace attune::trainer
