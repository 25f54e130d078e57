#include "trainer/data/postgres_records.h"

#include "trainer/data/import_rules.h"

namespace attune::trainer {

PostgresRecordImport::PostgresRecordImport(PostgresConnection& server,
                                           const AvroSchema& schemaOfRows, ImportMode importMode)
    : PostgresImport(server, schemaOfRows, importMode) {
  for (const SchemaField& field : schema().fields) types_.push_back(postgresType(field.type));
  begin();
  keepPutRows();
  lastStoredRow_ = lastRow();
  connection().run("CREATE TEMPORARY TABLE gathered ON COMMIT DROP AS SELECT \"row\" AS place," +
                   fieldColumns(schema()) + " FROM " + table() + " WITH NO DATA");
  copy_.emplace(connection(), "gathered", types_.size() + 1);
}

/// Single records survive a full import.
void PostgresRecordImport::keepPutRows() {
  if (!replacedTable()) return;
  const std::string columns = "\"row\",\"source\"," + fieldColumns(schema());
  // A schema that differs has none to be kept: checkSchemaOfImport saw to that.
  const std::string where = " WHERE \"source\"=" + std::to_string(kSourcePut);
  if (connection().queryInteger("SELECT EXISTS(SELECT 1 FROM " + *replacedTable() + where + ")") !=
      0)
    connection().run("INSERT INTO " + table() + "(" + columns + ") SELECT " + columns + " FROM " +
                     *replacedTable() + where);
}

void PostgresRecordImport::append(const RowBatch& rows) {
  for (size_t i = 0; i < rows.rowCount(); ++i) {
    const auto row = rows.row(i);
    copy_->beginRow();
    copy_->values().addInteger(PostgresType::int64, ++gathered_);
    for (size_t field = 0; field < row.size(); ++field)
      copy_->values().addField(types_[field], row[field]);
  }
}

/// Returns how many records are new and how many got other values; $1 is the last row stored.
std::string PostgresRecordImport::mergeSql() const {
  const std::string id = idColumn(schema());
  const std::string bulk = std::to_string(kSourceBulk);
  const std::string columns = fieldColumns(schema());
  std::string assignments;
  for (size_t i = 0; i < types_.size(); ++i)
    assignments += "," + fieldColumn(i) + "=excluded." + fieldColumn(i);
  const std::string onConflict = replacedTable()
                                     ? "NOTHING"  // only single records are there, and they win
                                     : "UPDATE SET \"source\"=" + bulk + assignments + " WHERE (" +
                                           fieldColumns(schema(), "t.") + ") IS DISTINCT FROM (" +
                                           fieldColumns(schema(), "excluded.") + ")";
  return "WITH last AS (SELECT DISTINCT ON (" + id + ") min(place) OVER (PARTITION BY " + id +
         ") AS first_place," + columns + " FROM gathered ORDER BY " + id +
         ",place DESC), changed AS (INSERT INTO " + table() + " AS t(\"row\",\"source\"," +
         columns + ") SELECT $1::bigint+first_place," + bulk + "," + columns +
         " FROM last ORDER BY first_place ON CONFLICT(" + id + ") DO " + onConflict +
         " RETURNING \"row\") SELECT count(*) FILTER (WHERE \"row\">$1)," +
         "count(*) FILTER (WHERE \"row\"<=$1) FROM changed";
}

ImportCounts PostgresRecordImport::commit() {
  copy_->finish();
  connection().run("ANALYZE gathered");
  PostgresParameters last;
  last.addInteger(PostgresType::int64, lastStoredRow_);
  const PostgresRows rows = connection().run(mergeSql(), last);
  ImportCounts counts;
  counts.added = static_cast<uint64_t>(rows.integer(0, 0));
  counts.replaced = static_cast<uint64_t>(rows.integer(0, 1));
  counts.duplicates = static_cast<uint64_t>(gathered_) - counts.added - counts.replaced;
  commitTransaction();
  return counts;
}

}  // namespace attune::trainer
