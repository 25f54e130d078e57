#include "trainer/server/collector.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "trainer/server/limits.h"
#include "trainer/server/origin.h"
#include "trainer/server/record_request.h"
#include "trainer/server/request_id.h"
#include "trainer/server/user_token.h"
#include "trainer/server/write_key.h"

namespace attune::trainer {
namespace {

constexpr size_t kRateLimitedTrackers = 10'000;

int64_t milliseconds(double seconds) { return std::llround(seconds * 1000); }

HttpReply jsonReply(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.contentType = "application/json";
  reply.body = std::move(body);
  return reply;
}

HttpReply notStored() {
  return errorReply(unavailable("the store cannot be written just now: nothing was stored"));
}

ApiError throttled(const std::string& message, int64_t waitSeconds) {
  return {429, "ThrottlingException", message, static_cast<int>(waitSeconds)};
}

/// Whose an event is, as far as it says.
const std::string& senderOf(const Event& event) {
  if (!event.userId.empty()) return event.userId;
  return event.anonymousId.empty() ? event.sessionId : event.anonymousId;
}

/// A name of 15 bytes for a sender, which a std::string keeps in itself.
std::string shortName(const EventTracker& tracker, std::string_view sender) {
  const EventKey key = eventKey(tracker.name, sender);
  return {reinterpret_cast<const char*>(key.data()), key.size() - 1};
}

/// `{"accepted":N,"results":[...]}` of a batch. `isNew` is of the events that were not rejected.
HttpReply batchReply(const std::vector<EventEntry>& entries, const std::vector<bool>& isNew) {
  using Json = nlohmann::ordered_json;
  Json results = Json::array();
  size_t written = 0;
  for (const EventEntry& entry : entries) {
    Json result{{"eventId", entry.eventId}};
    if (entry.event) {
      result["status"] = isNew[written++] ? "stored" : "duplicate";
    } else {
      result["status"] = "rejected";
      result["code"] = "InvalidInputException";
      result["message"] = entry.message;
    }
    results.push_back(std::move(result));
  }
  Json body{{"accepted", written}};
  body["results"] = std::move(results);
  const bool isWhole = written == entries.size();
  return jsonReply(isWhole ? 200 : 207, body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Without an eventId, a repetition by AWS's clients is still told by their invocation id.
std::string eventIdOf(const EventEntry& entry, size_t index, std::string_view invocation) {
  if (!entry.eventId.empty()) return entry.eventId;
  // Longer than an eventId may be, so it is none.
  const std::string prefix(limits::kIdChars + 1, '#');
  if (invocation.empty()) return prefix + newRequestId();
  return prefix + std::string(invocation) + '#' + std::to_string(index);
}

}  // namespace

ApiError unavailable(const std::string& message) {
  return {503, "ServiceUnavailableException", message, limits::kRetryAfterSeconds};
}

Collector::Collector(EventWriter& writer, Metrics& metrics, const ServeConfig& config)
    : writer_(writer),
      metrics_(metrics),
      perTracker_(config.ratePerTracker, kRateLimitedTrackers),
      perUser_(config.ratePerUser, limits::kRateLimitedUsers, RateLimit::WhenFull::admit),
      configured_(config.eventTrackers) {}

const std::vector<EventTracker>& Collector::trackers() const {
  const auto facts = writer_.facts();
  if (facts == facts_) return trackers_;
  facts_ = facts;
  trackers_ = configured_;
  trackers_.insert(trackers_.end(), facts->trackers.begin(), facts->trackers.end());
  return trackers_;
}

/// The tracker that the key is of, when it may be used from where the request comes; null when
/// there is no such key.
const EventTracker* Collector::authorise(const Call& call, const std::string& trackingId) {
  const EventTracker* tracker = findTracker(trackers(), trackingId);
  if (tracker == nullptr) return nullptr;
  const std::string_view origin = call.request.header("origin");
  if (!origin.empty() && !mayUse(*tracker, origin))
    throw ApiError(403, "AccessDeniedException",
                   "the event tracker does not allow this origin: see attune tracker --origin");
  if (const int64_t wait = perTracker_.take(tracker->name, call.nowSeconds); wait > 0) {
    ++metrics_.throttledByTracker;
    throw throttled("too many requests with this event tracker", wait);
  }
  return tracker;
}

/// All events of a request count, or none. A shop's own server, which a trusted tracker is for, may
/// send what it likes of its users.
void Collector::limitUsers(const std::vector<EventEntry>& entries, const EventTracker& tracker,
                           double nowSeconds) {
  if (tracker.trusted || !perUser_.isLimiting()) return;
  std::map<std::string_view, double> events;  // by user
  for (const EventEntry& entry : entries)
    if (entry.event) ++events[senderOf(*entry.event)];
  std::vector<std::pair<std::string, double>> counts;
  int64_t wait = 0;
  for (const auto& [user, count] : events) {
    counts.emplace_back(shortName(tracker, user), count);
    wait = std::max(wait, perUser_.waitFor(counts.back().first, nowSeconds));
  }
  if (wait > 0) {
    ++metrics_.throttledByUser;
    throw throttled("too many events of one user", wait);
  }
  for (const auto& [user, count] : counts) perUser_.spend(user, count, nowSeconds);
}

/// The event as it is stored: with its tracker, where it came from and whether its user is sure. A
/// token that proves nothing makes no event worse than none would.
Event Collector::admitted(EventEntry& entry, const std::string& eventId,
                          const EventTracker& tracker, const Call& call) {
  Event event = std::move(*entry.event);
  event.tracker = tracker.name;
  event.key = eventKey(tracker.name, eventId);
  // This machine itself is trusted, a proxy on it that was not named is not.
  const bool isOfUnknownProxy =
      call.address == call.request.address && !call.request.header("x-forwarded-for").empty();
  event.source = sources_.nameOf(isOfUnknownProxy ? "an unknown proxy" : call.address, tracker.name,
                                 milliseconds(call.nowSeconds));
  event.verified = tracker.trusted || provesUser(entry.userToken, tracker.verifySecret,
                                                 event.userId, static_cast<int64_t>(call.nowSeconds));
  metrics_.eventsVerified += event.verified;
  metrics_.userTokensWrong += !entry.userToken.empty() && !event.verified;
  return event;
}

void Collector::putEvents(Call& call) {
  EventRequest request = readPutEvents(call.request.body, milliseconds(call.nowSeconds));
  const EventTracker* tracker = authorise(call, request.trackingId);
  if (tracker == nullptr)
    throw invalidInput("trackingId is not that of an event tracker: make one with attune tracker");
  limitUsers(request.entries, *tracker, call.nowSeconds);
  const std::string_view invocation = call.request.header("amz-sdk-invocation-id");
  WriteTask task;
  for (size_t i = 0; i < request.entries.size(); ++i) {
    EventEntry& entry = request.entries[i];
    task.events.push_back(admitted(entry, eventIdOf(entry, i, invocation), *tracker, call));
  }
  task.done = [send = call.send](const WriteOutcome& outcome) {
    send(outcome.isStored ? jsonReply(200, "{}") : notStored());
  };
  submit(std::move(task));
}

void Collector::postEvents(Call& call) {
  auto request = std::make_shared<EventRequest>(
      readEventBatch(call.request.body, milliseconds(call.nowSeconds)));
  const EventTracker* tracker = authorise(call, request->trackingId);
  if (tracker == nullptr)
    throw ApiError(401, "UnrecognizedClientException",
                   "trackingId is not that of an event tracker: make one with attune tracker");
  limitUsers(request->entries, *tracker, call.nowSeconds);
  metrics_.eventsDroppedByClients += request->dropped;
  WriteTask task;
  for (EventEntry& entry : request->entries) {
    if (!entry.event) {
      ++metrics_.eventsRejected;
      continue;
    }
    task.events.push_back(admitted(entry, entry.eventId, *tracker, call));
  }
  if (task.events.empty()) return call.send(batchReply(request->entries, {}));
  task.done = [send = call.send, request](const WriteOutcome& outcome) {
    send(outcome.isStored ? batchReply(request->entries, outcome.isNew) : notStored());
  };
  submit(std::move(task));
}

void Collector::putItems(Call& call) { putRecords(call, DatasetType::items); }
void Collector::putUsers(Call& call) { putRecords(call, DatasetType::users); }

void Collector::putRecords(Call& call, DatasetType type) {
  const auto facts = writer_.facts();
  const auto& schema = type == DatasetType::items ? facts->items : facts->users;
  RowBatch rows =
      readPutRecords(call.request.body, type, schema.get(), static_cast<int64_t>(call.nowSeconds));
  WriteTask task;
  task.records = PutRecords{schema, std::move(rows)};
  task.done = [send = call.send](const WriteOutcome& outcome) {
    send(outcome.isStored ? jsonReply(200, "{}") : notStored());
  };
  submit(std::move(task));
}

void Collector::submit(WriteTask task) {
  if (writer_.submit(std::move(task))) return;
  throw unavailable(writer_.isReady() ? "too many events are waiting to be written"
                                      : "the store cannot be written just now: nothing was stored");
}

}  // namespace attune::trainer
