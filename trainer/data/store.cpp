#include "trainer/data/store.h"

#include "trainer/base/errors.h"
#include "trainer/data/event_log.h"
#include "trainer/data/postgres_event_log.h"
#include "trainer/data/postgres_store.h"
#include "trainer/data/postgres_url.h"
#include "trainer/data/postgres_user_data.h"
#include "trainer/data/sqlite_event_log.h"
#include "trainer/data/sqlite_store.h"
#include "trainer/data/sqlite_user_data.h"
#include "trainer/data/user_data.h"

namespace attune::trainer {
namespace {

/// Everything that is no PostgreSQL URL is a file path, unless it looks like another URL.
const std::string& checkedPath(const std::string& location) {
  if (location.empty())
    throw UserError(std::string("the store's name is empty: give --store ") + kStoreForms);
  if (location.find("://") != std::string::npos)
    throw UserError("unknown kind of store " + location.substr(0, location.find("://") + 3) +
                    "...: give --store " + kStoreForms);
  return location;
}

}  // namespace

std::string storeName(const std::string& location) {
  return isPostgresUrl(location) ? postgresName(location) : location;
}

std::unique_ptr<Store> openStore(const std::string& location, StoreAccess access) {
  if (isPostgresUrl(location)) return openPostgresStore(location, access);
  return openSqliteStore(checkedPath(location), access);
}

std::unique_ptr<EventLog> openEventLog(const std::string& location) {
  if (isPostgresUrl(location)) return openPostgresEventLog(location);
  return openSqliteEventLog(checkedPath(location));
}

std::unique_ptr<UserData> openUserData(const std::string& location) {
  if (isPostgresUrl(location)) return openPostgresUserData(location);
  return openSqliteUserData(checkedPath(location));
}

}  // namespace attune::trainer
