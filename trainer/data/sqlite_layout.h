#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/avro_schema.h"
#include "trainer/data/sqlite.h"

// A store in SQLite, format 1:
//   datasets(type, schema)      one row a dataset (`interactions`, `items`, `users`): its schema's
//   JSON interactions($row, $source, a column a field of the schema) items, users the same, with a
//   unique id column interaction_users, interaction_items, interaction_event_types(number, text)
// and, once a collector or `attune tracker` wrote into it:
//   events($row, key, ...)      one row an event; key is unique
//   event_identities(kind, alias, user)   whose session (kind 0) or anonymous id (kind 1) it is;
//                               user is NULL when two users were seen with it
//   event_trackers(key_sha256, name, origins, verify_secret, trusted)
//   deletions(one, count, mark) how often users were deleted, and what tells the store from others;
//                               made with the first deletion
//   event_log_check(one, at)    written to see whether the store can be written
// $row grows in the order of import; $source is 0 for imports (bulk), 1 for single records (put).
// In `interactions`, USER_ID, ITEM_ID and EVENT_TYPE hold numbers of the three name tables.
// PRAGMA application_id marks the file as a store, PRAGMA user_version is the format.

namespace attune::trainer {

inline constexpr int64_t kSqliteApplicationId = 0x4174746E;  // "Attn"
inline constexpr int64_t kSqliteFormat = 1;

/// The name tables, in the order of the numbers below.
inline constexpr std::array<std::string_view, 3> kNameTables{
    "interaction_users", "interaction_items", "interaction_event_types"};

/// Index into kNameTables for a field of the interactions that is kept as a number, or -1.
int nameTableOf(const AvroSchema& schema, size_t field);

/// The schema's columns, quoted and joined by commas, each behind `prefix`.
std::string columnList(const AvroSchema& schema, const std::string& prefix = "");
/// The column that identifies a record of items or users, quoted.
std::string idColumn(DatasetType type);

/// Makes the empty tables of a new store.
void createLayout(SqliteDatabase& database);
/// Throws UserError when the database is not a store, or one of a newer Attune.
void checkFormat(SqliteDatabase& database);
/// Makes the tables of the event log where they are missing.
void createEventTables(SqliteDatabase& database);
/// (Re)makes the empty table of a dataset.
void createDatasetTable(SqliteDatabase& database, const AvroSchema& schema);

}  // namespace attune::trainer
