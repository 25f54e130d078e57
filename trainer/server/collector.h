#pragma once

#include <string>

#include "trainer/server/event_request.h"
#include "trainer/server/event_source.h"
#include "trainer/server/event_writer.h"
#include "trainer/server/http.h"
#include "trainer/server/rate_limit.h"
#include "trainer/server/serve_config.h"

namespace attune::trainer {

/// A request whose body is decoded, and where its reply goes.
struct Call {
  HttpRequest request;
  SendReply send;
  double nowSeconds = 0;  ///< since 1970
  std::string address;    ///< of the client, as far as proxies tell
};

/// The API's work: checks a request, has it written and answers when it is durable. Each method may
/// throw ApiError before it has sent anything. For one thread.
class Collector {
 public:
  Collector(EventWriter& writer, Metrics& metrics, const ServeConfig& config);

  /// Personalize's: POST /events, /items, /users.
  void putEvents(Call& call);
  void putItems(Call& call);
  void putUsers(Call& call);
  /// The tracker's: POST /v1/events.
  void postEvents(Call& call);

  /// Those of the configuration and of the store.
  const std::vector<EventTracker>& trackers() const;

 private:
  const EventTracker* authorise(const Call& call, const std::string& trackingId);
  void limitUsers(const std::vector<EventEntry>& entries, const EventTracker& tracker,
                  double nowSeconds);
  Event admitted(EventEntry& entry, const std::string& eventId, const EventTracker& tracker,
                 const Call& call);
  void putRecords(Call& call, DatasetType type);
  void submit(WriteTask task);

  EventWriter& writer_;
  Metrics& metrics_;
  RateLimit perTracker_;
  RateLimit perUser_;
  EventSources sources_;
  std::vector<EventTracker> configured_;
  // The trackers as last asked for; they are read anew when the store's facts are others.
  mutable std::shared_ptr<const StoreFacts> facts_;
  mutable std::vector<EventTracker> trackers_;
};

/// 503: try again later.
ApiError unavailable(const std::string& message);

}  // namespace attune::trainer
