#pragma once

#include <memory>

#include "runtime/bundle/bundle.h"
#include "trainer/nn/item_vectors.h"
#include "trainer/recipes/blend_parts.h"
#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// What an update learns anew, by the dataset's numbers.
struct SequenceUpdateParts {
  ItemFeatures features;         ///< empty: nothing is known of items, or the recipe does not look
  ItemCounts counts;
  /// Nothing for a model that has no blend. With kSteadyCandidates for each of the neighbours that
  /// are to be in a list.
  BlendParts blend;
  uint32_t listLength = 0;       ///< of the blend's neighbour lists
  std::vector<uint8_t> allowed;  ///< (items), or empty: all items may be recommended
};

/// A sequence model of a bundle with the catalogue of newer data: weights, and vectors of the items
/// that it knows, are taken over byte for byte; items it does not know get vectors by
/// fillNewItemVectors(). `bundle` must outlive the model. Throws UserError when the bundle knows
/// none of the items: it is of another catalogue.
std::unique_ptr<TrainedModel> updateSequenceModel(const Bundle& bundle, const Dataset& data,
                                                  const Sequences& sequences,
                                                  SequenceUpdateParts parts,
                                                  const TrainOptions& options);

}  // namespace attune::trainer
