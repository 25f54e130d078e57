#include "trainer/data/postgres_events.h"

#include "trainer/data/event_rows.h"
#include "trainer/data/known_aliases.h"

namespace attune::trainer {
namespace {

/// The user of an event `e`, in SQL.
constexpr const char* kUser = "coalesce(e.user_id,s.user_id,a.user_id,e.anonymous_id,e.session_id)";
const std::string kFrom =
    " FROM attune.events e LEFT JOIN attune.event_identities s ON s.kind=" +
    std::to_string(kSessionAlias) +
    " AND s.alias=e.session_id LEFT JOIN attune.event_identities a ON a.kind=" +
    std::to_string(kAnonymousAlias) + " AND a.alias=e.anonymous_id";

/// What an Event has, behind its user.
std::string eventColumns(PostgresConnection& connection) {
  return ",e.time_ms,e.event_type,e.item_id,e.event_value,e.properties,e.impression,"
         "e.recommendation_id,e.attribution_source,e.received_ms,e.tracker,e.session_id,e.user_id,"
         "e.anonymous_id," +
         std::string(hasOrigins(connection) ? "e.source,e.verified" : "NULL::text,false");
}

Event readEvent(const PostgresRows& rows, int row) {
  Event event;
  event.timeMs = rows.integer(row, 1);
  event.eventType = rows.text(row, 2);
  event.itemId = rows.text(row, 3);
  if (!rows.isNull(row, 4)) event.eventValue = rows.real(row, 4);
  event.properties = rows.text(row, 5);
  event.impression = rows.text(row, 6);
  event.recommendationId = rows.text(row, 7);
  event.attributionSource = rows.text(row, 8);
  event.receivedMs = rows.integer(row, 9);
  event.tracker = rows.text(row, 10);
  event.sessionId = rows.text(row, 11);
  event.userId = rows.text(row, 12);
  event.anonymousId = rows.text(row, 13);
  event.source = rows.text(row, 14);
  event.verified = rows.integer(row, 15) != 0;
  return event;
}

}  // namespace

std::string postgresEventUser() { return kUser; }
std::string postgresEventsWithIdentities() { return kFrom; }

bool hasEvents(PostgresConnection& connection) {
  return connection.queryInteger("SELECT EXISTS(SELECT 1 FROM attune.events)") != 0;
}

EventCounts scanEvents(PostgresConnection& connection, const AvroSchema& schema,
                       const RowVisitor& visit) {
  EventScan scan(schema, visit);
  forEachRow(connection,
             std::string("SELECT ") + kUser + eventColumns(connection) + kFrom +
                 " ORDER BY e.\"row\"",
             [&](const PostgresRows& rows, int row) {
               scan.add(readEvent(rows, row), rows.text(row, 0));
             });
  return scan.counts();
}

void scanUserEvents(PostgresConnection& connection, const std::string& userId,
                    const std::function<void(const Event&)>& visit) {
  PostgresParameters user;
  user.addText(userId);
  forEachRow(
      connection,
      std::string("SELECT ") + kUser + eventColumns(connection) + kFrom + " WHERE " + kUser +
          "=$1 ORDER BY e.\"row\"",
      [&](const PostgresRows& rows, int row) { visit(readEvent(rows, row)); }, user);
}

DatasetCounts interactionCounts(PostgresConnection& connection,
                                const std::optional<StoredDataset>& imported) {
  const std::string events = kFrom + " WHERE e.item_id IS NOT NULL";
  const auto columnOf = [&imported](const char* field) {
    return " FROM (SELECT " + fieldColumn(*imported->schema.find(field)) + " AS id FROM " +
           imported->table + " UNION ALL SELECT ";
  };
  const auto different = [&](const char* field, const std::string& ofEvent) {
    const std::string from = imported ? columnOf(field) : " FROM (SELECT ";
    return static_cast<uint64_t>(
        connection.queryInteger("SELECT count(*) FROM (SELECT DISTINCT id" + from + ofEvent +
                                " AS id" + events + ") every) different"));
  };
  const auto rows = [&](const std::string& from) {
    return static_cast<uint64_t>(connection.queryInteger("SELECT count(*) FROM " + from));
  };
  DatasetCounts counts;
  counts.rows = rows("attune.events e WHERE e.item_id IS NOT NULL");
  if (imported) counts.rows += rows(imported->table);
  counts.users = different("USER_ID", kUser);
  counts.items = different("ITEM_ID", "e.item_id");
  return counts;
}

}  // namespace attune::trainer
