#include "trainer/data/store.h"

#include "trainer/base/errors.h"
#include "trainer/data/sqlite_store.h"

namespace attune::trainer {

std::unique_ptr<Store> openStore(const std::string& location, StoreAccess access) {
  if (location.empty()) throw UserError("the store's name is empty: give --store a file path");
  if (location.starts_with("postgres://") || location.starts_with("postgresql://"))
    throw UserError(
        "PostgreSQL stores are not supported in this build yet: give --store a file path");
  if (location.find("://") != std::string::npos)
    throw UserError("unknown kind of store " + location.substr(0, location.find("://") + 3) +
                    "...: give --store a file path");
  return openSqliteStore(location, access);
}

}  // namespace attune::trainer
