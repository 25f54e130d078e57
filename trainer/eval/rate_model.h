#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "trainer/eval/off_policy.h"

namespace attune::trainer {

/// A policy that asks neither who nor when: for each position a probability of every item.
struct ContextFreePolicy {
  std::map<uint32_t, std::vector<double>> byPosition;  ///< (items); NaN where nothing is said
  std::vector<double> elsewhere;  ///< (items) for all other positions; empty for none

  /// The probabilities at a position; empty where nothing is known of it.
  std::span<const double> at(uint32_t position) const;
};

struct CrossFitOptions {
  uint32_t folds = 5;  ///< 2 or more
  uint64_t seed = 1;   ///< of the folds
  /// How many imagined views, earning what the coarser level earns, each rate starts with.
  double shrinkage = 100;
};

/// Gives every action a prediction by the mean reward of its item at its position, shrunk to the
/// item's, which is shrunk to the mean of all: (Σ r + s m) / (views + s). Cross-fitted, so that no
/// round is predicted from itself (Chernozhukov et al. 2018, "Double/debiased machine learning"): a
/// round is in the fold Random(seed, round).next() % folds, and what a fold is told comes from the
/// others. REQUIRES: `policy` knows all positions of the log; its probabilities are numbers,
/// (items) each.
void predictRates(std::span<LoggedAction> actions, const ContextFreePolicy& policy, size_t items,
                  const CrossFitOptions& options);

}  // namespace attune::trainer
