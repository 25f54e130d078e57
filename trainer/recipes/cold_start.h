#pragma once

#include <cstdint>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/export/bundle_builder.h"
#include "trainer/export/item_order.h"
#include "trainer/recipes/parameters.h"

namespace attune::trainer {

/// What Personalize's aws-hrnn-coldstart calls a cold item: one with few interactions that is
/// young.
struct ColdItemRule {
  uint64_t maxInteractions = 15;
  double maxAgeDays = 5;
  int64_t now = 0;         ///< seconds since 1970; what ages count from, unless
  bool fromLatest = true;  ///< they count from the time of the newest item
};

/// As the parameters of hrnn-coldstart say; ages count from the clock where they ask so, the only
/// place where a bundle's content may depend on the day it is made.
ColdItemRule coldItemRuleOf(const Parameters& parameters);

/// (items) 1 for each cold item, else 0. An item's time is its CREATION_TIMESTAMP, or, where it has
/// none, that of its first interaction; an item with neither is new. An item later than what ages
/// count from is young too.
///
/// Throws UserError when no item is cold, saying how many fail which condition.
std::vector<uint8_t> coldItems(const Dataset& data, const ColdItemRule& rule);

/// Adds which items may be recommended, by the dataset's numbers; nothing where none are listed.
void writeAllowed(const std::vector<uint8_t>& allowed, const ItemOrder& order,
                  BundleBuilder& bundle);

}  // namespace attune::trainer
