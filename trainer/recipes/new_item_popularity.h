#pragma once

#include <cstdint>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/recipes/popularity_count.h"

namespace attune::trainer {

/// How many users each item would have if it had been there from the first event on; for items that
/// are `known` what was counted. A new item has had less time, so its count says little of how it
/// will do: the count is taken as one draw from a rate over the events since the item's first one,
/// and the rate is drawn towards the mean item's as if that had been seen for a few users
/// (a gamma prior for a Poisson rate). Without any event an item gets the mean.
std::vector<float> extrapolatedCounts(const Interactions& events, const ItemCounts& counts,
                                      const std::vector<uint8_t>& known);

}  // namespace attune::trainer
