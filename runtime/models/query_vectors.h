#pragma once

#include <cstdint>
#include <span>

#include "runtime/bundle/bundle.h"

namespace attune {

/// What a model knows beside the items of a history: a vector for each query feature (a value of a
/// user's or a request's metadata), added to the model's result before its products with the items,
/// and one that stands for the result before a user's first event. A view: borrows the bundle's
/// bytes. Immutable, thread-safe.
class QueryVectors {
 public:
  /// Either may be missing in a bundle. Error: CorruptBundle.
  static Result<QueryVectors> open(const Bundle& bundle, size_t dimension, float largestWeight);

  bool hasStart() const { return !start_.empty(); }
  std::span<const float> start() const { return start_; }  // (d)

  /// vector (d) += the vectors of these features, in their order. REQUIRES: rows of the bundle's
  /// QueryColumns
  void addTo(std::span<float> vector, std::span<const uint32_t> rows) const;

 private:
  std::span<const float> start_;
  std::span<const float> floats_;  // (rows, d), or
  std::span<const int8_t> bytes_;  // (rows, d) with
  std::span<const float> scales_;  // (rows)
  size_t dimension_ = 0;
};

}  // namespace attune
