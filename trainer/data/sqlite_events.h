#pragma once

#include "trainer/data/event.h"
#include "trainer/data/sqlite_layout.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// True when a collector wrote events into the store.
bool hasEvents(SqliteDatabase& database);

/// Visits the collector's events as rows of `schema`, in the order of their arrival. Events of a
/// session or an anonymous id that one user alone was seen with are that user's; otherwise the
/// anonymous id, or else the session, stands for the user.
EventCounts scanEvents(SqliteDatabase& database, const AvroSchema& schema, const RowVisitor& visit);

/// Visits the events of one user, in the order of their arrival.
void scanUserEvents(SqliteDatabase& database, const std::string& userId,
                    const std::function<void(const Event&)>& visit);

/// The user of an event `e`, in SQL: an expression over eventsWithIdentities().
std::string eventUser();
/// ` FROM events e` with who the events' sessions and anonymous ids belong to.
std::string eventsWithIdentities();

/// Rows, users and items of imported interactions and events together.
DatasetCounts countsWithEvents(SqliteDatabase& database);

}  // namespace attune::trainer
