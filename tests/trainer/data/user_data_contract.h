#pragma once

#include "tests/trainer/data/store_contract.h"

namespace attune::trainer {

/// Runs, as sections of the calling test case, what every UserData must do. `bytesOf` gives all
/// that the files of a store hold.
void checkUserDataContract(const StoreFactory& factory,
                           const std::function<std::string(const std::string& place)>& bytesOf);

}  // namespace attune::trainer
