#pragma once

#include <string>

#include "runtime/bundle/bundle.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// Throws UserError when users were deleted from the store after the moment that the bundle, or the
/// weights that an update kept, were learned from: it still knows of them. `name` is for the
/// message.
void requireAfterDeletions(const Bundle& bundle, const Store& store, const std::string& name);

}  // namespace attune::trainer
