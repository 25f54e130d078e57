#include "trainer/data/sqlite_layout.h"

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

const char* affinity(FieldType type) {
  switch (type) {
    case FieldType::string:
      return "TEXT";
    case FieldType::float_:
    case FieldType::double_:
      return "REAL";
    default:
      return "INTEGER";
  }
}

/// Field names hold letters, digits and _ only, so nothing needs escaping.
std::string quoteName(const std::string& name) { return '"' + name + '"'; }

void addColumn(SqliteDatabase& database, const std::string& table, const std::string& column,
               const std::string& type) {
  if (!database.hasColumn(table, column))
    database.execute("ALTER TABLE " + table + " ADD COLUMN " + column + " " + type);
}

}  // namespace

int nameTableOf(const AvroSchema& schema, size_t field) {
  if (schema.type != DatasetType::interactions) return -1;
  const std::string& name = schema.fields[field].name;
  if (name == "USER_ID") return 0;
  if (name == "ITEM_ID") return 1;
  return name == "EVENT_TYPE" ? 2 : -1;
}

std::string columnList(const AvroSchema& schema, const std::string& prefix) {
  std::string list;
  for (const SchemaField& field : schema.fields)
    list += (list.empty() ? "" : ",") + prefix + quoteName(field.name);
  return list;
}

std::string idColumn(DatasetType type) {
  return type == DatasetType::items ? "\"ITEM_ID\"" : "\"USER_ID\"";
}

void createLayout(SqliteDatabase& database) {
  database.execute("PRAGMA application_id=" + std::to_string(kSqliteApplicationId));
  database.execute("PRAGMA user_version=" + std::to_string(kSqliteFormat));
  database.execute("CREATE TABLE datasets(type TEXT PRIMARY KEY, schema TEXT NOT NULL)");
  for (const std::string_view table : kNameTables)
    database.execute("CREATE TABLE " + std::string(table) +
                     "(number INTEGER PRIMARY KEY, text TEXT NOT NULL)");
}

void checkFormat(SqliteDatabase& database) {
  const int64_t application = database.queryInteger("PRAGMA application_id");
  const int64_t format = database.queryInteger("PRAGMA user_version");
  const bool isNew = database.queryInteger("SELECT count(*) FROM sqlite_schema") == 0;
  if (application != kSqliteApplicationId && !(isNew && application == 0))
    throw UserError(database.path() +
                    " is a database of another program, not an Attune store: give --store "
                    "another path");
  if (format > kSqliteFormat)
    throw UserError("store " + database.path() + " was written by a newer Attune (format " +
                    std::to_string(format) + "; this one knows up to " +
                    std::to_string(kSqliteFormat) + "): update Attune");
}

void createEventTables(SqliteDatabase& database) {
  database.execute(
      "CREATE TABLE IF NOT EXISTS events(\"$row\" INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
      "received INTEGER NOT NULL, time INTEGER NOT NULL, tracker TEXT NOT NULL,"
      "session TEXT NOT NULL, user TEXT, anonymous TEXT, type TEXT NOT NULL, item TEXT, value REAL,"
      "properties TEXT, impression TEXT, recommendation TEXT, attribution TEXT);"
      "CREATE TABLE IF NOT EXISTS event_identities(kind INTEGER, alias TEXT, user TEXT,"
      "PRIMARY KEY(kind, alias)) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS event_trackers(key_sha256 BLOB PRIMARY KEY, name TEXT NOT NULL,"
      "origins TEXT NOT NULL);"
      "CREATE TABLE IF NOT EXISTS event_log_check(one INTEGER PRIMARY KEY, at INTEGER NOT NULL)");
  // What came later than the first stores.
  addColumn(database, "events", "source", "TEXT");
  addColumn(database, "events", "verified", "INTEGER NOT NULL DEFAULT 0");
  addColumn(database, "event_trackers", "verify_secret", "TEXT NOT NULL DEFAULT ''");
  addColumn(database, "event_trackers", "trusted", "INTEGER NOT NULL DEFAULT 0");
}

void createDatasetTable(SqliteDatabase& database, const AvroSchema& schema) {
  const std::string table(datasetTypeName(schema.type));
  std::string sql = "CREATE TABLE " + table + "(\"$row\" INTEGER PRIMARY KEY,\"$source\" INTEGER";
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const bool numbered = nameTableOf(schema, i) >= 0;
    sql += "," + quoteName(schema.fields[i].name) + " " +
           (numbered ? "INTEGER" : affinity(schema.fields[i].type));
  }
  if (schema.type != DatasetType::interactions) sql += ",UNIQUE(" + idColumn(schema.type) + ")";
  database.execute("DROP TABLE IF EXISTS " + table);
  database.execute(sql + ")");
}

}  // namespace attune::trainer
