#pragma once

#include <array>

namespace attune::trainer {

/// What a new bundle must reach, beside the published one, to take its place. The table below is
/// the one home of keys, options and ranges: `attune gate` and the configuration of `attune serve`
/// read it.
struct GateLimits {
  double minQualityRatio = 0.95;
  double minCoverageRatio = 0.7;
  double minItemsRatio = 0.8;
  double maxChurn = 0.5;
  double minCases = 50;
};

struct GateLimit {
  const char* key;     ///< in serve.json
  const char* option;  ///< of attune gate
  double GateLimits::*value;
  double most;  ///< 0 to that
  const char* meaning;
};

inline constexpr std::array kGateLimits{
    GateLimit{
        "minQualityRatio", "--min-quality-ratio", &GateLimits::minQualityRatio, 10,
        "NDCG@10 on held-out events at least this times the old bundle's; judged beyond chance"},
    GateLimit{
        "minCoverageRatio", "--min-coverage-ratio", &GateLimits::minCoverageRatio, 10,
        "Different items in the lists for the same histories at least this times the old ones"},
    GateLimit{"minItemsRatio", "--min-items-ratio", &GateLimits::minItemsRatio, 10,
              "Items of the catalogue at least this times the old one's"},
    GateLimit{"maxChurn", "--max-churn", &GateLimits::maxChurn, 1,
              "1 - mean overlap of the first 10 items for the same histories at most this"},
    GateLimit{"minCases", "--min-cases", &GateLimits::minCases, 1e6,
              "With fewer held-out events that neither bundle has seen, quality is not judged"}};

}  // namespace attune::trainer
