#pragma once

#include <memory>
#include <string>

#include "trainer/data/event_log.h"

namespace attune::trainer {

/// The EventLog in a PostgreSQL database; see postgres_layout.h for its tables. Several may write
/// at once: they lock what they share in one order, so that they wait for, but never block, each
/// other.
std::unique_ptr<EventLog> openPostgresEventLog(const std::string& url);

}  // namespace attune::trainer
