#pragma once

#include <vector>

#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/sequence_fit.h"

namespace attune::trainer {

/// What a bundle holds of a blend beside the sequence model (runtime/models/blend.h). Items by the
/// dataset's numbers.
struct BlendParts {
  BlendWeights weights;
  NeighbourLists neighbours;     ///< empty lists where weights.neighbours is 0
  std::vector<float> neighbourScales;  ///< as writeNeighbours() takes them
  std::vector<float> prior;      ///< (items) or empty
  std::vector<float> coldPrior;  ///< (items) or empty

  /// Whether there is anything beside the sequence model.
  bool any() const;
  void write(const ItemOrder& order, BundlePrecision precision, BundleBuilder& bundle) const;
};

/// Learns the parts from everything: neighbour lists and popularity for the weights chosen, and,
/// with `recencyBias`, popularity now in place of popularity over all time where items pass
/// quickly.
BlendParts learnBlendParts(const Dataset& data, const Sequences& sequences,
                           const SequenceChoices& choices, const ItemCounts& counts,
                           bool recencyBias, unsigned threads);

}  // namespace attune::trainer
