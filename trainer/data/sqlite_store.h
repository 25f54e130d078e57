#pragma once

#include <memory>
#include <string>

#include "trainer/data/store.h"

namespace attune::trainer {

/// The Store in one SQLite file; see sqlite_layout.h for its tables. The first import writes it in
/// rollback-journal mode, later ones in WAL mode, always with synchronous=FULL.
std::unique_ptr<Store> openSqliteStore(const std::string& path, StoreAccess access);

}  // namespace attune::trainer
