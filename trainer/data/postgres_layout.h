#pragma once

#include <functional>
#include <optional>
#include <string>

#include "trainer/data/avro_schema.h"
#include "trainer/data/postgres.h"

// A store in PostgreSQL, format 1: all of it in the schema "attune" of the database.
//   store(one, format, facts)           one row; facts grows when a tracker or a schema changes
//   datasets(type, schema, rows_table)  one row a dataset (`interactions`, `items`, `users`): its
//                                       schema's JSON, and the table that holds its rows now
//   interactions_N("row", f0, f1, ...)  a column a field of the schema, by its place, because names
//                                       of fields may be longer than PostgreSQL's, or its own
//   items_N, users_N                    the same with "source", and a unique id
//   events("row", key, ...)             one row an event; key is unique
//   event_identities(kind, alias, user_id)   whose session (kind 0) or anonymous id (kind 1) it is;
//                                       user_id is null when two users were seen with it
//   event_trackers("row", key_sha256, name, origins, verify_secret, trusted)
//   event_log_check(one, at)            written to see whether the store can be written
//   deletions(one, count, mark)         how often users were deleted, and what tells the store from
//                                       others; no row before the first deletion
//   erasure_probe(one)                  empty; what is deleted here shows whether the server may
//                                       forget what was deleted before
// "row" grows in the order of import or arrival; "source" is 0 for imports, 1 for single records.
// A full import fills a new table N and drops the old one when nobody reads it any more, so that
// readers see one moment. Imports exclude one another by an advisory lock; an import and single
// records of one dataset by the dataset's advisory lock, which the latter share.

namespace attune::trainer {

inline constexpr int64_t kPostgresFormat = 1;

/// The numbers of Attune's advisory locks, which are the database's.
enum class PostgresLock : int32_t {
  layout = 1,
  import = 2,
  interactions = 3,
  items = 4,
  users = 5
};

/// A dataset as it is stored now.
struct StoredDataset {
  AvroSchema schema;
  std::string table;  ///< with its schema, ready for SQL
};

/// Opens what is there. Throws UserError when there is no store, or one of a newer Attune.
void requireLayout(PostgresConnection& connection);
/// Makes the tables of a new store where they are missing; several processes may try at once.
void createLayout(PostgresConnection& connection);
/// False in a store of before there were sources of events, verified users and deletions, which only
/// writing brings up to date.
bool hasOrigins(PostgresConnection& connection);
/// Makes commits mean durable. Throws UserError when the server cannot: fsync=off.
void requireDurability(PostgresConnection& connection);
/// The lock of a dataset's rows.
PostgresLock lockOf(DatasetType type);
/// True when the lock was free, or shared by others; it is held until the transaction ends.
bool tryLock(PostgresConnection& connection, PostgresLock lock);
bool tryShare(PostgresConnection& connection, PostgresLock lock);
/// Takes PostgresLock::import. Throws UserError when an import, or a deletion, is under way.
void requireNoImport(PostgresConnection& connection);
/// Waits until the lock is free, as long as the connection's patience for locks is.
void takeLock(PostgresConnection& connection, PostgresLock lock);

/// A dataset, when it was imported.
std::optional<StoredDataset> storedDataset(PostgresConnection& connection, DatasetType type);
/// Makes a new, empty table for rows of `schema`; returns its name.
std::string createRowsTable(PostgresConnection& connection, const AvroSchema& schema);
/// Drops tables of rows that no dataset names any more, unless somebody still reads them.
/// False when one was left.
bool dropOldTables(PostgresConnection& connection) noexcept;

/// The column of a field, `f3`.
std::string fieldColumn(size_t field);
/// All columns of the fields, joined by commas, each behind `prefix`.
std::string fieldColumns(const AvroSchema& schema, const std::string& prefix = "");
/// The column that identifies a record of items or users.
std::string idColumn(const AvroSchema& schema);

/// Runs a query and visits its rows in bounded memory. REQUIRES: a transaction is open.
void forEachRow(PostgresConnection& connection, const std::string& select,
                const std::function<void(const PostgresRows&, int row)>& visit,
                const PostgresParameters& parameters = {});

}  // namespace attune::trainer
