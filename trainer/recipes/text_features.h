#pragma once

#include "trainer/recipes/item_features.h"

namespace attune::trainer {

/// Features of a textual column: the hashed n-grams (runtime/base/ngrams.h) that at least two items
/// and not all of them have, the rarer the stronger (idf), words above parts of words where a
/// script has spaces. An item's weights have length 1; without any n-gram it has no features.
/// REQUIRES: a column with texts
ItemFeatures textFeatures(const Column& column, const ItemFeatureOptions& options);

}  // namespace attune::trainer
