#include "trainer/data/sqlite_events.h"

#include "trainer/data/event_rows.h"
#include "trainer/data/known_aliases.h"

namespace attune::trainer {
namespace {

/// The user of an event `e`, in SQL.
constexpr const char* kUser = "coalesce(e.user,s.user,a.user,e.anonymous,e.session)";
const std::string kFrom =
    " FROM events e LEFT JOIN event_identities s ON s.kind=" + std::to_string(kSessionAlias) +
    " AND s.alias=e.session LEFT JOIN event_identities a ON a.kind=" +
    std::to_string(kAnonymousAlias) + " AND a.alias=e.anonymous";

Event readEvent(const SqliteStatement& select) {
  Event event;
  event.timeMs = select.integer(1);
  event.eventType = select.text(2);
  event.itemId = select.text(3);
  if (const FieldValue value = select.value(4); !value.isNull()) event.eventValue = value.real;
  event.properties = select.text(5);
  event.impression = select.text(6);
  event.recommendationId = select.text(7);
  event.attributionSource = select.text(8);
  return event;
}

/// `e.source,e.verified`, or what stands for them in a store of before there were sources.
std::string originColumns(SqliteDatabase& database) {
  return database.hasColumn("events", "source") ? "e.source,e.verified" : "NULL,0";
}

}  // namespace

std::string eventUser() { return kUser; }
std::string eventsWithIdentities() { return kFrom; }

bool hasEvents(SqliteDatabase& database) {
  return database.hasTable("events") &&
         database.queryInteger("SELECT EXISTS(SELECT 1 FROM events)") != 0;
}

EventCounts scanEvents(SqliteDatabase& database, const AvroSchema& schema,
                       const RowVisitor& visit) {
  EventScan scan(schema, visit);
  SqliteStatement select(database, std::string("SELECT ") + kUser +
                                       ",e.time,e.type,e.item,e.value,e.properties,e.impression,"
                                       "e.recommendation,e.attribution,e.received," +
                                       originColumns(database) + kFrom + " ORDER BY e.\"$row\"");
  while (select.step()) {
    Event event = readEvent(select);
    event.receivedMs = select.integer(9);
    event.source = select.text(10);
    event.verified = select.integer(11) != 0;
    scan.add(event, select.text(0));
  }
  return scan.counts();
}

void scanUserEvents(SqliteDatabase& database, const std::string& userId,
                    const std::function<void(const Event&)>& visit) {
  SqliteStatement select(database, std::string("SELECT ") + kUser +
                                       ",e.time,e.type,e.item,e.value,e.properties,e.impression,"
                                       "e.recommendation,e.attribution,e.received,e.tracker,"
                                       "e.session,e.user,e.anonymous," + originColumns(database) +
                                       kFrom + " WHERE " + kUser + "=? ORDER BY e.\"$row\"");
  select.bindText(0, userId);
  while (select.step()) {
    Event event = readEvent(select);
    event.receivedMs = select.integer(9);
    event.tracker = select.text(10);
    event.sessionId = select.text(11);
    event.userId = select.text(12);
    event.anonymousId = select.text(13);
    event.source = select.text(14);
    event.verified = select.integer(15) != 0;
    visit(event);
  }
}

DatasetCounts countsWithEvents(SqliteDatabase& database) {
  const auto count = [&](const std::string& what) {
    return static_cast<uint64_t>(database.queryInteger("SELECT count(*) FROM " + what));
  };
  const std::string items = " WHERE e.item IS NOT NULL";
  const bool imported = database.hasTable("interactions");
  DatasetCounts counts;
  counts.rows = count("events e" + items) + (imported ? count("interactions") : 0);
  counts.users = count("(SELECT text FROM interaction_users UNION SELECT " + std::string(kUser) +
                       kFrom + items + ")");
  counts.items =
      count("(SELECT text FROM interaction_items UNION SELECT e.item FROM events e" + items + ")");
  return counts;
}

}  // namespace attune::trainer
