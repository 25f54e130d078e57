#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "trainer/eval/off_policy_report.h"

namespace attune::trainer {

/// The options of `attune evaluate` that judge a policy by a log.
struct OffPolicyCommand {
  std::string log;  ///< empty: not asked for
  std::string policy;
  std::string cluster = "list";
  double maxWeight = std::numeric_limits<double>::infinity();
  uint32_t resamples = 0;
  uint32_t folds = 5;
};

/// Adds --off-policy and what goes with it.
void addOffPolicyOptions(CLI::App& evaluate, OffPolicyCommand& command);

/// Throws UserError for options that do not go together: judging a log trains nothing, and training
/// judges no log.
void checkOffPolicyOptions(const CLI::App& evaluate, const OffPolicyCommand& command);

/// Reads the log and the policy and estimates. Throws UserError for what is wrong with them.
OffPolicyReport judgeLog(const OffPolicyCommand& command, uint64_t seed);

}  // namespace attune::trainer
