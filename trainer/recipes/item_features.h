#pragma once

#include <cstddef>

#include "trainer/data/dataset.h"
#include "trainer/nn/item_vectors.h"

namespace attune::trainer {

struct ItemFeatureOptions {
  size_t buckets = 16;            ///< of a number's column, at most
  size_t textFeatures = 1 << 14;  ///< of a text column, at most; fewer for few items
  size_t ngramsPerText = 64;      ///< the strongest ones of an item
};

/// What the Items dataset says of each item, as features that items share: a value of a categorical
/// column, a bucket of a number, a part of a text. What is said of one item alone, or of all, tells
/// nothing beyond the item's own vector and is left out. Each column weighs the same, however
/// many values it has: the squares of an item's weights add up to at most 1.
///
/// A function of the data and the options alone. Empty when the data say nothing of items.
ItemFeatures itemFeaturesOf(const Dataset& data, const ItemFeatureOptions& options = {});

/// One column's, featureCount 0 when it tells nothing. REQUIRES: a categorical column. Its null is
/// a value too.
ItemFeatures categoricalFeatures(const Column& column);

/// REQUIRES: an integer, real or boolean column. Buckets around quantiles of the different values;
/// a number between the middles of two buckets belongs to both. What is not finite is null,
/// which has a bucket of its own.
ItemFeatures numericFeatures(const Column& column, size_t buckets);

}  // namespace attune::trainer
