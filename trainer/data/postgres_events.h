#pragma once

#include <functional>
#include <optional>
#include <string>

#include "trainer/data/event.h"
#include "trainer/data/postgres_layout.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// True when a collector wrote events into the store.
bool hasEvents(PostgresConnection& connection);

/// The user of an event `e` as SQL, over the tables that postgresEventsWithIdentities() names.
std::string postgresEventUser();
/// " FROM ..." of the events `e` and the identities that belong to them.
std::string postgresEventsWithIdentities();

/// Visits all events of one user, in the order of their arrival. REQUIRES: a transaction is open.
void scanUserEvents(PostgresConnection& connection, const std::string& userId,
                    const std::function<void(const Event&)>& visit);

/// Visits the collector's events as rows of `schema`, in the order of their arrival. Events of a
/// session or an anonymous id that one user alone was seen with are that user's; otherwise the
/// anonymous id, or else the session, stands for the user. REQUIRES: a transaction is open.
EventCounts scanEvents(PostgresConnection& connection, const AvroSchema& schema,
                       const RowVisitor& visit);

/// Rows, users and items of imported interactions and events together.
DatasetCounts interactionCounts(PostgresConnection& connection,
                                const std::optional<StoredDataset>& imported);

}  // namespace attune::trainer
