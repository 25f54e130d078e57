#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/topk.h"

// Ranking metrics as pure functions on ranked lists: Amazon Personalize's offline metrics
// (coverage, MRR, NDCG, precision) and the hit rate and recall of the literature. Higher is better.

namespace attune::trainer {

/// A mean over test cases and how far chance may have moved it.
struct Estimate {
  double value = 0;
  double standardError = 0;
};

/// The mean, with the standard error s / sqrt(n), s having n - 1 in its denominator; 0 for n < 2.
/// REQUIRES: at least one value.
Estimate meanOf(std::span<const double> values);

/// Where the right items stand in one list.
struct Hits {
  std::vector<uint32_t> ranks;  ///< ascending, from 1
  uint32_t right = 1;           ///< how many right items there are, in the list or not
};

/// 1 if a right item is among the first k, else 0.
double hitRateAt(const Hits& hits, uint32_t k);
/// Right items among the first k / right items.
double recallAt(const Hits& hits, uint32_t k);
/// Right items among the first k / k.
double precisionAt(const Hits& hits, uint32_t k);
/// 1 / rank of the first right item, 0 if it is not among the first k.
double reciprocalRankAt(const Hits& hits, uint32_t k);
/// Sum of 1 / log2(1 + rank) over the hits among the first k, divided by the same sum for a list
/// that begins with min(right, k) hits.
double ndcgAt(const Hits& hits, uint32_t k);

/// Different items in the first k of all lists / items of the catalogue. The standard error is the
/// jackknife's: how the number of items changes when one list is left out.
/// REQUIRES: at least one list, catalogue > 0; no list has an item twice.
Estimate coverageAt(std::span<const std::vector<uint32_t>> lists, uint32_t k, size_t catalogue);

/// The items of a list, best first, right ones last among those of equal score: a model gets no
/// credit for what it did not decide.
std::vector<uint32_t> withHitsLastInTies(std::span<const Scored> ranked,
                                         const std::function<bool(uint32_t)>& isRight);

/// The names and numbers of one report, in its order.
struct NamedEstimate {
  std::string name;
  Estimate estimate;
};

/// All reported metrics of the cases: `hits` and `lists` have one place a case. The names are
/// Personalize's keys (`coverage` is that of the first 25) and others made like them.
/// REQUIRES: at least one case.
std::vector<NamedEstimate> reportedMetrics(std::span<const Hits> hits,
                                           std::span<const std::vector<uint32_t>> lists,
                                           size_t catalogue);

}  // namespace attune::trainer
