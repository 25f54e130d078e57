#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace attune::trainer {

/// What makes an event the same event wherever and whenever it arrives again.
using EventKey = std::array<uint8_t, 16>;

/// One event as the collector keeps it. Empty texts mean "not given"; ids are 1 to 256 characters.
struct Event {
  EventKey key{};
  int64_t receivedMs = 0;  ///< milliseconds since 1970, by the collector's clock
  int64_t timeMs = 0;      ///< when it happened, corrected for the client's clock; <= receivedMs
  std::string tracker;     ///< the name of the event tracker that let it in
  std::string sessionId;
  std::string userId;
  std::string anonymousId;
  std::string eventType;
  std::string itemId;
  std::optional<double> eventValue;
  std::string properties;  ///< a JSON object
  std::string impression;  ///< a JSON array of item ids
  std::string recommendationId;
  std::string attributionSource;
  std::string source;     ///< a name of the sender's network that lasts a week, by the collector
  bool verified = false;  ///< a token, or a trusted tracker, proves userId
};

}  // namespace attune::trainer
