#pragma once

#include <memory>
#include <string>

#include "trainer/data/user_data.h"

namespace attune::trainer {

/// The UserData of a store in a PostgreSQL database.
std::unique_ptr<UserData> openPostgresUserData(const std::string& url);

}  // namespace attune::trainer
