#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// How many different users had each item, and how many there are. One user counts once an item,
/// however often the two met, so that no single client can make an item popular.
struct ItemCounts {
  std::vector<uint32_t> usersOfItem;  ///< (items)
  uint32_t users = 0;                 ///< those with at least one interaction
};
/// Of events at or after `from` (seconds since 1970) alone.
ItemCounts countUsers(const Dataset& data, int64_t from = std::numeric_limits<int64_t>::min());

/// Adds the counts, which every bundle has, to a bundle.
void writeCounts(const ItemCounts& counts, const ItemOrder& order, BundleBuilder& bundle);

/// Recipe popularity-count: items by the number of their different users, of all time or lately.
class PopularityCountRecipe : public Recipe {
 public:
  std::unique_ptr<TrainedModel> train(const Dataset& data, const Parameters& parameters,
                                      const TrainOptions& options) const override;
};

}  // namespace attune::trainer
