#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/server/campaign_config.h"
#include "trainer/server/http.h"

namespace attune::trainer {

/// What devices and CDNs get: `GET /bundles/<campaign>/<file>`. Immutable, for several threads.
class PublishedFiles {
 public:
  static constexpr std::string_view kPath = "/bundles/";

  explicit PublishedFiles(const std::vector<CampaignConfig>& campaigns);

  /// Answers with manifest.json (`no-cache`, ETag) or a file that is named by its content
  /// (`immutable`), or with 304 to whoever has it. No other name is ever looked up on the disk. Any
  /// page may read them: they are what is published. Throws ApiError (404).
  HttpReply answer(const HttpRequest& request) const;

 private:
  std::map<std::string, std::string, std::less<>> folders_;
};

}  // namespace attune::trainer
