#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/event.h"

namespace attune::trainer {

/// One event of a request. `event` is nothing when it is rejected, for the reason in `message`.
struct EventEntry {
  std::string eventId;  ///< "" when the sender gave none
  std::optional<Event> event;
  std::string userToken;  ///< user_token.h; "" when there is none
  std::string message;
};

/// A request that brings events, checked; who sent it is not known yet, so keys are not set.
struct EventRequest {
  std::string trackingId;
  std::vector<EventEntry> entries;
  uint64_t dropped = 0;  ///< events that the client had to drop since its last batch
};

/// Personalize's PutEvents. Nothing or everything: throws ApiError (400) for the first fault.
/// `sentAt` ahead of `receivedMs` by up to a day is taken for `receivedMs`.
EventRequest readPutEvents(std::string_view body, int64_t receivedMs);

/// The tracker's POST /v1/events (schemas/event.schema.json). Throws ApiError (400) for a fault of
/// the batch; an event with a fault is rejected alone. Times of events are moved by the difference
/// between `receivedMs` and the batch's sentAt, which is the error of the client's clock.
EventRequest readEventBatch(std::string_view body, int64_t receivedMs);

/// The key of an event: the same tracker and eventId give the same key, others do not: it is the
/// beginning of a SHA-256 of both. Where the id is a UUID of version 7 its time goes in front, so that
/// keys that arrive together lie together in the store's index.
EventKey eventKey(std::string_view tracker, std::string_view eventId);

}  // namespace attune::trainer
