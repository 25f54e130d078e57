#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "trainer/server/http_server.h"

namespace attune::trainer {

/// How long things took, in the buckets that Prometheus adds up. Safe from several threads.
class DurationHistogram {
 public:
  void add(double seconds);
  /// The lines of one Prometheus histogram.
  std::string render(const std::string& name, const std::string& help) const;

 private:
  static constexpr std::array<double, 12> kBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                  0.1,   0.25,   0.5,   1,    2.5,   5};
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<uint64_t> microseconds_{0};
};

/// What is known only at the moment of asking.
struct MetricsNow {
  HttpCounts http;
  size_t queuedRequests = 0;
  size_t queuedBytes = 0;
  bool ready = false;
};

/// The counters of `attune serve`. Safe from several threads.
struct Metrics {
  std::atomic<uint64_t> eventsStored{0};
  std::atomic<uint64_t> eventsDuplicate{0};
  std::atomic<uint64_t> eventsRejected{0};  ///< invalid ones
  std::atomic<uint64_t> eventsDroppedByClients{0};
  std::atomic<uint64_t> eventsVerified{0};   ///< of sure users
  std::atomic<uint64_t> userTokensWrong{0};  ///< that proved nothing
  std::atomic<uint64_t> throttledByAddress{0};  ///< requests over a rate limit
  std::atomic<uint64_t> throttledByTracker{0};
  std::atomic<uint64_t> throttledByUser{0};
  std::atomic<uint64_t> recordsPut{0};
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> storeFailures{0};
  std::atomic<uint64_t> storeChanges{0};  ///< by other processes, as far as noticed

  /// Grows whenever something new is in the store.
  uint64_t storeMark() const { return eventsStored + recordsPut + storeChanges; }
  DurationHistogram commitSeconds;
  DurationHistogram requestSeconds;

  void countReply(const std::string& route, int status);
  /// In Prometheus' text format 0.0.4.
  std::string render(const MetricsNow& now) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, uint64_t> replies_;
};

}  // namespace attune::trainer
