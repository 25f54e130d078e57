#pragma once

#include <span>
#include <vector>

#include "trainer/nn/item_vectors.h"

namespace attune::trainer {

/// What items' metadata say of their learned vectors: the mean vector and a linear map from
/// features, by ridge regression on items that have both (Gantner, Drumond, Freudenthaler, Rendle
/// and Schmidt-Thieme 2010, "Learning Attribute-to-Feature Mappings for Cold-Start
/// Recommendations"). It gives a vector to items that no training has seen.
///
/// Solved by conjugate gradients, a few columns of the vectors at a time; the number of threads never
/// changes the result.
class MetadataMap {
 public:
  /// `vectors` (items, d) is looked at where `evidence` (items) is above 0: how much an item's
  /// vector counts. Keeps a reference to `features`. REQUIRES: an item with evidence
  MetadataMap(const ItemFeatures& features, ConstMatrix vectors, std::span<const float> evidence,
              unsigned threads);

  /// out (d) = the vector that an item's features ask for; the mean where it has none.
  void vectorOf(size_t item, std::span<float> out) const;

 private:
  void fitColumns(ConstMatrix vectors, std::span<const float> evidence, size_t begin, size_t end);

  const ItemFeatures& features_;
  size_t dimension_;
  std::vector<float> mean_;  // (d)
  std::vector<float> map_;   // (features, d)
};

}  // namespace attune::trainer
