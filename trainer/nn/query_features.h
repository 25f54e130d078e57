#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// Lists of rows of a model's query features: thing i has the rows rows[offsets[i]] ..
/// rows[offsets[i + 1] - 1]. No offsets at all: nothing is known of anything.
struct RowLists {
  std::vector<uint64_t> offsets;  // (things + 1), or empty
  std::vector<uint32_t> rows;

  bool empty() const { return offsets.empty(); }
  /// REQUIRES: !empty()
  std::span<const uint32_t> of(size_t thing) const {
    return std::span(rows).subspan(offsets[thing], offsets[thing + 1] - offsets[thing]);
  }
  void add(std::span<const uint32_t> list);
  void clear();
};

/// Which events do without what is known of their user, or of their context, for one step of
/// training, so that the model also works where nothing is known: a function of (seed, step, which
/// of the two, event).
struct QueryDropout {
  enum class Of : uint32_t { user, context };
  uint64_t seed = 0;
  uint64_t step = 0;
  float rate = 0;
  Of of = Of::user;

  bool drops(size_t event) const;
};

/// hidden (events, d) row e += the sum of the vectors that lists.of(e) names, unless dropped.
void addQueryFeatures(ConstMatrix vectors, const RowLists& lists, const QueryDropout& dropout,
                      Matrix hidden, GemmThreads* threads);

/// The way back: dVectors rows += the dHidden of the events that have them, in the order of the
/// events, whatever the threads.
void queryFeaturesBackward(ConstMatrix dHidden, const RowLists& lists, const QueryDropout& dropout,
                           Matrix dVectors, GemmThreads* threads);

}  // namespace attune::trainer
