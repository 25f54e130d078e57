#include "trainer/data/sqlite_layout.h"

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
