#pragma once

#include <set>
#include <string>

#include "trainer/data/dataset.h"
#include "trainer/export/bundle_builder.h"
#include "trainer/export/item_order.h"

namespace attune::trainer {

/// Adds item ids and item metadata to a bundle: every categorical, numeric and boolean column, and
/// of the text columns those named in `includeText` (they are large, and only for display).
/// Throws UserError for a name that is not a text column of the Items dataset.
void writeCatalogue(const Dataset& data, const ItemOrder& order,
                    const std::set<std::string>& includeText, BundleBuilder& bundle);

}  // namespace attune::trainer
