#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "trainer/export/bundle_builder.h"

namespace attune::trainer {

/// How a bundle's first pass over its items' codes was found to do.
struct FirstPass {
  uint32_t shortlist = 0;  ///< how many of the best by codes are scored exactly
  double recallAt25 = 0;   ///< share of the exact 25 best items that are among them
  uint32_t queries = 0;    ///< how many lists that was measured on

  nlohmann::json toJson() const {
    return {{"shortlist", shortlist}, {"recallAt25", recallAt25}, {"queries", queries}};
  }
};

/// Adds codes of the item vectors, and the shortest shortlist, to an eighth, with which a measured
/// recall at 25 reaches kFirstPassRecall. `histories` are what is asked with: the items of some users
/// by the bundle's numbers, newest last. Where vectors are floats, or too many items would have to be
/// scored exactly, the bundle stays as it is. REQUIRES: a bundle that is complete otherwise; at
/// least one history
std::optional<FirstPass> addFirstPass(const std::vector<std::vector<uint32_t>>& histories,
                                      BundleBuilder& bundle);

constexpr double kFirstPassRecall = 0.96;

}  // namespace attune::trainer
