#pragma once

#include <memory>
#include <string>

#include "trainer/data/event_log.h"

namespace attune::trainer {

/// The EventLog in a store of one SQLite file (sqlite_layout.h), in WAL mode with synchronous=FULL.
std::unique_ptr<EventLog> openSqliteEventLog(const std::string& path);

}  // namespace attune::trainer
