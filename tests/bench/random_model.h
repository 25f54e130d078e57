#pragma once

#include <cstdint>
#include <vector>

#include "trainer/export/quantise.h"

namespace attune::bench {

/// A user-personalization bundle of the shape that training would write, with random weights: its
/// answers mean nothing, and cost what a trained one's do.
struct RandomModel {
  uint32_t items = 3416;  ///< ids "0", "1", ...
  size_t dimension = 64;
  size_t layers = 2;
  size_t heads = 2;
  size_t history = 200;
  /// int8: item vectors as bytes with scales, layers as floats. float32: the vectors too as floats,
  /// the very numbers that those bytes and scales stand for.
  trainer::BundlePrecision precision = trainer::BundlePrecision::int8;
  /// Whether items have codes for a first pass, where these reach the recall that training asks for.
  bool codes = false;
  /// With float32: the numbers before they were rounded to bytes.
  bool unrounded = false;
  /// The same three weights again and again, not random ones: the bundle compresses well.
  bool plain = false;
  uint64_t seed = 1;

  /// The small one in js/src/rehearsal-bundle.ts.
  static RandomModel rehearsal() {
    return {.items = 4, .dimension = 4, .history = 4, .plain = true};
  }

  /// Item vectors are normal, of log-normal length (deviation 0.3): popular items' are longer.
  std::vector<uint8_t> bundle() const;

  /// 1 to 20 items at random; the same for the same number.
  std::vector<uint32_t> randomHistory(uint64_t number) const;
};

}  // namespace attune::bench
