#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace attune::trainer {

/// What /metrics tells of a campaign.
struct CampaignFigures {
  std::map<std::pair<std::string, std::string>, uint64_t> results;  ///< (job, result) -> how often
  std::string running;                                              ///< the job under way, or ""
  double lastSuccessAt = 0;    ///< seconds since 1970; 0: not since this process began
  double lastSeconds = 0;      ///< the last job took
  int lastExitCode = 0;        ///< of the last process; -1: a signal ended it
  uint64_t lastPeakBytes = 0;  ///< of the last job's largest process
  int failuresInARow = 0;
  uint64_t version = 0;  ///< published; 0: none
};

/// The lines of all campaigns, (name, figures), in Prometheus' text format; "" without any.
std::string renderCampaigns(const std::vector<std::pair<std::string, CampaignFigures>>& campaigns);

}  // namespace attune::trainer
