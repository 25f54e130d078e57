#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trainer/eval/off_policy.h"
#include "trainer/eval/rate_model.h"

namespace attune::trainer {

/// What `attune evaluate --off-policy` found, and from what.
struct OffPolicyReport {
  std::string log;
  std::string policy;  ///< as named by the user; empty where the log says it
  std::string cluster;
  uint32_t rounds = 0;
  size_t actions = 0;
  size_t items = 0;
  OffPolicyOptions options;
  std::optional<CrossFitOptions> model;  ///< nothing where the predictions are the log's, or none
  std::optional<double> unseenShare;
  OffPolicyResult result;
};

/// What speaks against trusting the estimates, a sentence each.
std::vector<std::string> warningsOf(const OffPolicyReport& report);

nlohmann::ordered_json toJson(const OffPolicyReport& report);
std::string toText(const OffPolicyReport& report);

}  // namespace attune::trainer
