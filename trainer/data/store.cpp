#include "trainer/data/store.h"

#include "trainer/base/errors.h"
#include "trainer/data/event_log.h"
#include "trainer/data/sqlite_event_log.h"
#include "trainer/data/sqlite_store.h"

namespace attune::trainer {
namespace {

/// Everything but a file path is refused until there is a second engine.
const std::string& checkedPath(const std::string& location) {
  if (location.empty()) throw UserError("the store's name is empty: give --store a file path");
  if (location.starts_with("postgres://") || location.starts_with("postgresql://"))
    throw UserError(
        "PostgreSQL stores are not supported in this build yet: give --store a file path");
  if (location.find("://") != std::string::npos)
    throw UserError("unknown kind of store " + location.substr(0, location.find("://") + 3) +
                    "...: give --store a file path");
  return location;
}

}  // namespace

std::unique_ptr<Store> openStore(const std::string& location, StoreAccess access) {
  return openSqliteStore(checkedPath(location), access);
}

std::unique_ptr<EventLog> openEventLog(const std::string& location) {
  return openSqliteEventLog(checkedPath(location));
}

}  // namespace attune::trainer
