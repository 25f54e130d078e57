#include "trainer/server/serve.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/server/disk_space.h"
#include "trainer/server/http_server.h"
#include "trainer/server/log.h"
#include "trainer/server/retrainer.h"
#include "trainer/server/routes.h"

namespace attune::trainer {
namespace {

/// Also when its file was replaced since by a newer one, which may not fit what is in memory.
constexpr const char* kThisProgram = "/proc/self/exe";

double secondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void serve(const ServeOptions& options, const std::function<void(const ServeAddresses&)>& onReady) {
  if (!isLoopback(options.adminListen))
    throw UserError("--admin-listen " + options.adminListen +
                    " can be reached by other machines, and nothing there asks who calls: give an "
                    "address of this machine, such as 127.0.0.1:8601");
  HttpLimits limits;
  limits.connections = options.config.connections;
  Metrics metrics;
  HttpServer server(limits);
  const DiskSpace disk(options.store, options.config.minFreeMegabytes * 1'000'000);
  EventWriter writer([&options] { return openEventLog(options.store); }, metrics,
                     [&disk] { disk.check(); });
  Collector collector(writer, metrics, options.config);
  Retrainer retrainer(options.config.campaigns,
                      {options.store, kThisProgram, [&metrics] { return metrics.storeMark(); },
                       secondsSince1970});
  Routes routes(
      collector, writer, metrics, options.config, [&server] { return server.counts(); },
      [&retrainer] { return retrainer.renderMetrics(); }, secondsSince1970);
  const auto on = [&routes](Side side) {
    return [&routes, side](HttpRequest request, SendReply send) {
      routes.handle(side, std::move(request), std::move(send));
    };
  };
  ServeAddresses addresses;
  addresses.listen = server.listen(options.listen, on(Side::open));
  addresses.adminListen = server.listen(options.adminListen, on(Side::admin));
  onReady(addresses);
  logLine(LogLevel::info, "listening",
          {{"listen", addresses.listen}, {"adminListen", addresses.adminListen}});
  if (collector.trackers().empty())
    logLine(LogLevel::warning,
            "there is no event tracker, so no event is taken: attune tracker --create");
  retrainer.start();
  const bool isDrained = server.run([&routes, &retrainer] {
    routes.drain();
    retrainer.stop();
    logLine(LogLevel::info, "ending: requests under way are answered");
  });
  retrainer.finish();
  writer.finish();  // while what its answers go through is still there
  logLine(isDrained ? LogLevel::info : LogLevel::warning,
          isDrained ? "ended" : "ended with requests unanswered");
}

}  // namespace attune::trainer
