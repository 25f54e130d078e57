#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace attune::trainer {

/// When a job runs, and what its processes may take.
struct JobConfig {
  double everySeconds = 0;      ///< 0: never
  int64_t memoryMegabytes = 0;  ///< of address space; 0: as much as there is
  int64_t niceness = 10;        ///< 0 to 19, added to the server's
  int64_t threads = 0;          ///< 0: one a core
  double maxSeconds = 0;        ///< a process that takes longer is killed
};

/// One campaign of `attune serve`: what is trained from the store and published, and when.
struct CampaignConfig {
  std::string name;  ///< in GET /bundles/<name>/; 1 to 63 letters, digits, - and _
  std::string recipe;
  nlohmann::json solution;  ///< Personalize's solution configuration, or null
  std::string directory;    ///< the publication; what is under way lies in `<directory>.work`
  std::string key;          ///< file of the private key that signs
  std::vector<std::string> includeText;
  nlohmann::json filters;  ///< {"name": "expression"}, or null
  JobConfig train;
  JobConfig update;
  bool hasGate = true;
  std::vector<std::pair<std::string, double>> gate;  ///< options of attune gate that were set

  std::string workFolder() const { return directory + ".work"; }
};

/// Reads the array `campaigns`. Throws UserError that begins with `where` and names the key at
/// fault.
std::vector<CampaignConfig> readCampaigns(const nlohmann::json& list, const std::string& where);

}  // namespace attune::trainer
