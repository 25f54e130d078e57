#include "trainer/server/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace attune::trainer {
namespace {

uint64_t residentBytes() {
  uint64_t total = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void describe(std::ostream& out, const std::string& name, const char* type, const char* help) {
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
}

void line(std::ostream& out, const std::string& name, const char* type, const char* help,
          uint64_t value) {
  describe(out, name, type, help);
  out << name << ' ' << value << '\n';
}

}  // namespace

void DurationHistogram::add(double seconds) {
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++counts_[static_cast<size_t>(bound - kBounds.begin())];
  microseconds_ += static_cast<uint64_t>(std::llround(std::max(0.0, seconds) * 1e6));
}

std::string DurationHistogram::render(const std::string& name, const std::string& help) const {
  std::ostringstream out;
  describe(out, name, "histogram", help.c_str());
  uint64_t total = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i];
    out << name << "_bucket{le=\"";
    if (i < kBounds.size())
      out << kBounds[i];
    else
      out << "+Inf";
    out << "\"} " << total << '\n';
  }
  out << name << "_sum " << static_cast<double>(microseconds_) / 1e6 << '\n'
      << name << "_count " << total << '\n';
  return out.str();
}

void Metrics::countReply(const std::string& route, int status) {
  const std::lock_guard lock(mutex_);
  ++replies_[{route, status}];
}

std::string Metrics::render(const MetricsNow& now) const {
  std::ostringstream out;
  describe(out, "attune_events_total", "counter", "Events by what became of them.");
  out << "attune_events_total{result=\"stored\"} " << eventsStored << '\n'
      << "attune_events_total{result=\"duplicate\"} " << eventsDuplicate << '\n'
      << "attune_events_total{result=\"rejected\"} " << eventsRejected << '\n';
  line(out, "attune_events_dropped_by_clients_total", "counter",
       "Events that clients dropped before sending.", eventsDroppedByClients);
  line(out, "attune_events_verified_total", "counter", "Events whose user is sure.",
       eventsVerified);
  line(out, "attune_user_tokens_wrong_total", "counter",
       "Events whose userToken is wrong or expired, taken as unverified.", userTokensWrong);
  describe(out, "attune_throttled_requests_total", "counter", "Requests over a rate limit.");
  out << "attune_throttled_requests_total{limit=\"address\"} " << throttledByAddress << '\n'
      << "attune_throttled_requests_total{limit=\"tracker\"} " << throttledByTracker << '\n'
      << "attune_throttled_requests_total{limit=\"user\"} " << throttledByUser << '\n';
  line(out, "attune_records_put_total", "counter", "Items and users put.", recordsPut);
  line(out, "attune_commits_total", "counter", "Transactions made durable.", commits);
  line(out, "attune_store_failures_total", "counter", "Transactions that failed.", storeFailures);
  line(out, "attune_store_ready", "gauge", "1 while the store can be written.", now.ready ? 1 : 0);
  line(out, "attune_queued_requests", "gauge", "Requests waiting to be written.",
       now.queuedRequests);
  line(out, "attune_queued_bytes", "gauge", "Their size in memory.", now.queuedBytes);
  line(out, "attune_connections", "gauge", "Connections open now.", now.http.connections);
  line(out, "attune_connections_refused_total", "counter", "Connections over the limit.",
       now.http.refused);
  line(out, "attune_timeouts_total", "counter", "Requests and replies that took too long.",
       now.http.timedOut);
  line(out, "attune_malformed_requests_total", "counter", "Requests refused while being read.",
       now.http.malformed);
  line(out, "attune_resident_bytes", "gauge", "Memory of the process.", residentBytes());
  out << commitSeconds.render("attune_commit_seconds", "Duration of a transaction.")
      << requestSeconds.render("attune_request_seconds", "From a request read to its reply.");
  describe(out, "attune_replies_total", "counter", "Replies by route and status.");
  const std::lock_guard lock(mutex_);
  for (const auto& [key, count] : replies_)
    out << "attune_replies_total{route=\"" << key.first << "\",status=\"" << key.second << "\"} "
        << count << '\n';
  return out.str();
}

}  // namespace attune::trainer
