#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/eval/metrics.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/gate_limits.h"

namespace attune::trainer {

/// What is compared. `candidate` has learned from everything, so nothing is left that could tell
/// how good it is. That is asked of `validation`: made like the candidate, without each user's last
/// event
/// (`train` and `update` with --validation-bundle).
struct GateBundles {
  const ServedBundle& candidate;
  const ServedBundle* validation = nullptr;  ///< null: quality is not judged
  const ServedBundle* published = nullptr;   ///< null: nothing to compare with
};

/// One comparison, `published` and `candidate` being means with standard errors, or counts.
struct GateCheck {
  std::string name;  ///< "quality", "coverage", "items" or "churn"
  Estimate candidate = {};
  Estimate published = {};
  double figure = 0;  ///< what is held against the limit: a ratio, or the churn
  double limit = 0;
  size_t cases = 0;
  std::string notJudged = {};  ///< why it is not judged; "" when it is
  std::string refusal = {};    ///< one sentence; "" when the limit is kept
};

struct GateVerdict {
  std::vector<GateCheck> checks;
  std::string refusal;  ///< the first check's that says one; "": the candidate may be published

  nlohmann::ordered_json toJson() const;
  /// A line a check.
  std::string toText() const;
};

/// Asks the bundles through the runtime's engine, for histories of `data` without their last event:
///   quality   NDCG@10 of `validation` and `published` for last events that are newer than all that
///             `published` has learned from, so neither has seen them. Refused when the paired
///             difference, validation - minQualityRatio x published, is below 0 by more than two
///             standard errors.
///   items     of the catalogues
///   coverage  different items in the first 10 of the lists, candidate / published
///   churn     1 - mean share of the first 10 items that both lists for a history have
/// Also refused is a candidate none of whose lists has an item. At most 5000 and 2000 histories are
/// asked for, evenly spread over the users. Throws UserError when a bundle cannot answer.
GateVerdict judge(const GateBundles& bundles, const Dataset& data, const GateLimits& limits,
                  unsigned threads);

}  // namespace attune::trainer
