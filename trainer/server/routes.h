#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "trainer/server/collector.h"
#include "trainer/server/http.h"
#include "trainer/server/metrics.h"
#include "trainer/server/published_files.h"

namespace attune::trainer {

/// Which of the two listeners a request came to. The admin one is reachable from this machine only.
enum class Side : uint8_t { open, admin };

/// The HTTP interface of `attune serve`: which path is answered by what, and what all paths have in
/// common (CORS, rate limits, content types, errors, metrics). For the server's thread.
class Routes {
 public:
  /// `httpCounts` and `jobMetrics` (lines in Prometheus' format) are asked when /metrics is; `now`
  /// gives seconds since 1970.
  Routes(Collector& collector, EventWriter& writer, Metrics& metrics, const ServeConfig& config,
         std::function<HttpCounts()> httpCounts, std::function<std::string()> jobMetrics,
         std::function<double()> now);

  void handle(Side side, HttpRequest request, SendReply send);
  /// From now on /readyz is red: the process is about to end.
  void drain() { draining_ = true; }

 private:
  struct Route;
  static const Route* find(Side side, std::string_view method, std::string_view path);

  void answer(const Route& route, Call& call);
  void preflight(Call& call);
  void checkOrigin(const Route& route, const HttpRequest& request) const;
  std::string clientAddress(const HttpRequest& request) const;
  void limitAddress(const Call& call);
  void decode(const Route& route, HttpRequest& request) const;
  SendReply completed(std::string label, const HttpRequest& request, bool isForPages,
                      SendReply send) const;

  // What answers each route.
  void putEvents(Call& call) { collector_.putEvents(call); }
  void putItems(Call& call) { collector_.putItems(call); }
  void putUsers(Call& call) { collector_.putUsers(call); }
  void postEvents(Call& call) { collector_.postEvents(call); }
  void bundles(Call& call) { call.send(published_.answer(call.request)); }
  void health(Call& call);
  void readiness(Call& call);
  void metrics(Call& call);

  Collector& collector_;
  EventWriter& writer_;
  Metrics& metrics_;
  RateLimit perAddress_;
  std::vector<std::string> proxies_;
  PublishedFiles published_;
  std::function<HttpCounts()> httpCounts_;
  std::function<std::string()> jobMetrics_;
  std::function<double()> now_;
  bool draining_ = false;
};

}  // namespace attune::trainer
