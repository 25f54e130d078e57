#pragma once

#include <string>
#include <vector>

#include "trainer/data/event_log.h"
#include "trainer/server/campaign_config.h"
#include "trainer/server/http_server.h"
#include "trainer/server/rate_limit.h"

namespace attune::trainer {

/// What `--config serve.json` may set, with its defaults.
struct ServeConfig {
  std::vector<EventTracker> eventTrackers;  ///< beside those of the store
  Rate ratePerAddress{100, 400};            ///< requests a second, and at once
  Rate ratePerTracker{1000, 4000};
  Rate ratePerUser{50.0 / 60, 200};  ///< events a second, and at once
  /// Addresses of proxies whose last X-Forwarded-For entry is believed to be the client.
  std::vector<std::string> proxies;
  size_t connections = limits::kConnections;
  /// What must stay free on the store's disk for events to be taken; 0: no limit.
  uint64_t minFreeMegabytes = 200;
  std::vector<CampaignConfig> campaigns;  ///< what is trained and published, and when
};

/// Parses the file's text. Throws UserError that begins with `where` and names the key at fault.
ServeConfig parseServeConfig(const std::string& text, const std::string& where);

}  // namespace attune::trainer
