#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attune::trainer {

/// Draws the negatives that all tokens of a step share, where the catalogue is too large for the
/// whole softmax. Immutable.
class NegativeSampler {
 public:
  /// Items are drawn in proportion to (1 + how often they occur in `items`) ^ `power`: 0 for equal
  /// chances, 1 for those of the events themselves. REQUIRES: catalogue > 0
  NegativeSampler(std::span<const uint32_t> items, size_t catalogue, double power);

  /// `count` items, with repetition; a function of (seed, step).
  std::vector<uint32_t> draw(size_t count, uint64_t seed, uint64_t step) const;

  /// For each item the log of how often it is expected among `count` draws.
  std::vector<float> logExpectedCounts(size_t count) const;

 private:
  std::vector<double> sums_;  // (items) running sum of the chances, up to 1
};

}  // namespace attune::trainer
