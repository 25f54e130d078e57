#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// The features of every item: item v has features[offsets[v]] .. features[offsets[v + 1] - 1],
/// each with a weight. No items at all means that nothing is known of any.
struct ItemFeatures {
  std::vector<uint64_t> offsets;   // (items + 1), or empty
  std::vector<uint32_t> features;  // below featureCount
  std::vector<float> weights;
  size_t featureCount = 0;

  bool empty() const { return featureCount == 0; }
};

/// The items that training can know by their features alone: they have some, and are none of
/// `occurrences` (the items of all training events). Ascending.
std::vector<uint32_t> itemsWithoutEvents(const ItemFeatures& features,
                                         std::span<const uint32_t> occurrences);

/// Which items do without their own vector for one step of training, so that the features learn to
/// stand in for it: a function of (seed, step, item).
struct IdDropout {
  uint64_t seed = 0;
  uint64_t step = 0;
  float rate = 0;

  bool drops(size_t item) const;
};

/// out (items, d) = the item's own vector, unless dropped, + sum of weight x feature vector.
void itemVectorsForward(ConstMatrix own, ConstMatrix featureVectors, const ItemFeatures& features,
                        const IdDropout& dropout, Matrix out, GemmThreads* threads);

/// dOwn and dFeatureVectors += the gradients, given dOut. A feature's gradient is added up in the
/// order of the items.
void itemVectorsBackward(ConstMatrix dOut, const ItemFeatures& features, const IdDropout& dropout,
                         Matrix dOwn, Matrix dFeatureVectors, GemmThreads* threads);

/// to (n, d) row i = scale * table row indices[i].
void gatherRows(ConstMatrix table, std::span<const uint32_t> indices, float scale, Matrix to);

/// The way back: dTable row indices[i] += scale * dRows row i, in the order of i for each row of
/// the table, whatever the threads.
void scatterRows(ConstMatrix dRows, std::span<const uint32_t> indices, float scale, Matrix dTable,
                 GemmThreads* threads);

}  // namespace attune::trainer
