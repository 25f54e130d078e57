#pragma once

#include <cstdint>
#include <vector>

#include "trainer/nn/item_vectors.h"
#include "trainer/recipes/baskets.h"
#include "trainer/recipes/popularity_count.h"

namespace attune::trainer {

/// The vectors of items, of which some are known.
struct ItemVectorTable {
  size_t dimension = 0;
  std::vector<float> vectors;  ///< (items, dimension)
  std::vector<uint8_t> known;  ///< (items) whether training gave the item its vector
};

/// Gives every item that training did not see a vector: what its metadata ask for (MetadataMap).
/// An item that nothing is said of gets one between the mean of all vectors and the mean of those of
/// the items that its users had, which counts the more the more they are.
///
/// `features` may be empty; `baskets` are of all events. REQUIRES: an item that is known
void fillNewItemVectors(const ItemFeatures& features, const ItemCounts& counts,
                        const Baskets& baskets, unsigned threads, ItemVectorTable& table);

}  // namespace attune::trainer
