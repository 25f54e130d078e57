#pragma once

#include <memory>
#include <string>

#include "trainer/data/user_data.h"

namespace attune::trainer {

/// The UserData of a store in one SQLite file.
std::unique_ptr<UserData> openSqliteUserData(const std::string& path);

}  // namespace attune::trainer
