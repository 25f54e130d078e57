#pragma once

#include <memory>
#include <string>

#include "trainer/data/store.h"

namespace attune::trainer {

/// The Store in a PostgreSQL database; see postgres_layout.h for its tables. A store opened for
/// writing is made when it is missing; the database itself must be there.
std::unique_ptr<Store> openPostgresStore(const std::string& url, StoreAccess access);

}  // namespace attune::trainer
