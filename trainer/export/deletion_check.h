#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "trainer/data/store.h"

// What deletions of users (attune delete-user) mean for a bundle: its provenance has how many there
// were when it, or the weights that an update kept, were learned, and the mark of the store.

namespace attune::trainer {

/// Why the bundle may still know of users who were deleted from the store, as `name: ...`; "" when it
/// does not. A bundle whose provenance says nothing counts as of before the first deletion.
std::string deletionFault(std::span<const uint8_t> bundle, const Store& store,
                          const std::string& name);

/// True when users had been deleted from the store before the bundle, or its weights, were learned.
bool knowsDeletions(std::span<const uint8_t> bundle);

}  // namespace attune::trainer
