#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/export/bundle_builder.h"
#include "trainer/export/item_order.h"
#include "trainer/export/quantise.h"
#include "trainer/recipes/baskets.h"

namespace attune::trainer {

/// An item that the same users had, and how much it resembles the first.
struct Neighbour {
  uint32_t item = 0;
  float weight = 0;  ///< above 0
};

/// One list an item, the nearest first; equal weights in the order of the items' numbers.
using NeighbourLists = std::vector<std::vector<Neighbour>>;

struct NeighbourOptions {
  double popularityDiscount = 0.5;  ///< 0..1: how much a neighbour's popularity is held against it
  double lengthDiscount = 0.5;      ///< a user of n items counts n to the power of minus this
  uint32_t minCommonUsers = 1;      ///< fewer users in common make no neighbours
  size_t maxNeighbours = 50;        ///< kept for each item
  unsigned threads = 1;             ///< never changes the result
};

/// Item-to-item similarity over users (Linden, Smith and York 2003; Sarwar et al. 2001): the users
/// in common, each counted by the length of its history, divided by the items' user counts to the
/// powers 1 - popularityDiscount (the list's item) and popularityDiscount (the neighbour).
NeighbourLists findNeighbours(const Baskets& baskets, const NeighbourOptions& options);

/// The same for these items alone, in their order.
NeighbourLists findNeighbours(const Baskets& baskets, std::span<const uint32_t> items,
                              const NeighbourOptions& options);

/// Adds the lists to a bundle: weights as bytes with a scale a list, or as f32. Weights that are
/// stored alike lie in the order of the bundle's numbers. `scales` (items), or empty: 0 is for what
/// makes the largest weight of a list 255, another scale for that one.
/// REQUIRES: no weight rounds to more than 255 of its scale
void writeNeighbours(const NeighbourLists& lists, const ItemOrder& order, BundlePrecision precision,
                     BundleBuilder& bundle, std::span<const float> scales = {});

}  // namespace attune::trainer
