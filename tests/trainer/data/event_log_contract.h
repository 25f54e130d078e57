#pragma once

#include "tests/trainer/data/store_contract.h"

namespace attune::trainer {

/// Runs, as sections of the calling test case, what every EventLog must do, and what the Store of
/// the same place then shows.
void checkEventLogContract(const StoreFactory& factory);

/// What an EventLog must do that keeps where events came from.
void checkEventOrigins(const StoreFactory& factory);

}  // namespace attune::trainer
