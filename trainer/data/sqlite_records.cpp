#include "trainer/data/sqlite_records.h"

#include "trainer/data/import_rules.h"

namespace attune::trainer {

SqliteRecordImport::SqliteRecordImport(SqliteDatabase& sqlite, const AvroSchema& schemaOfRows,
                                       ImportMode importMode, std::function<void()> onCommit)
    : SqliteImport(sqlite, schemaOfRows, importMode, std::move(onCommit)) {
  begin();
  lastStoredRow_ = database().queryInteger("SELECT max(\"$row\") FROM " + table());
  lastNewRow_ = lastStoredRow_;
  upsert_ = std::make_unique<SqliteStatement>(database(), upsertSql());
}

/// Returns the row's number when it is new or got other values, and nothing when nothing changed.
std::string SqliteRecordImport::upsertSql() const {
  std::string marks;
  std::string assignments;
  std::string differs;
  for (const SchemaField& field : schema().fields) {
    const std::string name = '"' + field.name + '"';
    marks += ",?";
    assignments += "," + name + "=excluded." + name;
    differs += (differs.empty() ? "" : " OR ") + table() + "." + name + " IS NOT excluded." + name;
  }
  const std::string bulk = std::to_string(kSourceBulk);
  std::string sql = "INSERT INTO " + table() + "(\"$source\"," + columnList(schema()) +
                    ") VALUES(" + bulk + marks + ") ON CONFLICT(" + idColumn(schema().type) +
                    ") DO UPDATE SET \"$source\"=" + bulk + assignments + " WHERE (" + differs +
                    ")";
  if (mode() == ImportMode::full) sql += " AND " + table() + ".\"$source\"=" + bulk;
  return sql + " RETURNING \"$row\"";
}

void SqliteRecordImport::append(const RowBatch& rows) {
  for (size_t i = 0; i < rows.rowCount(); ++i) {
    const auto row = rows.row(i);
    for (size_t field = 0; field < row.size(); ++field)
      upsert_->bind(static_cast<int>(field), row[field]);
    count(upsert_->step());
    upsert_->reset();
  }
}

void SqliteRecordImport::count(bool changed) {
  const int64_t row = changed ? upsert_->integer(0) : 0;
  if (row > lastNewRow_) {
    lastNewRow_ = row;
    ++counts_.added;
  } else if (changed && row <= lastStoredRow_ && replaced_.insert(row).second) {
    ++counts_.replaced;
  } else {
    ++counts_.duplicates;
  }
}

ImportCounts SqliteRecordImport::commit() {
  upsert_.reset();
  commitTransaction();
  return counts_;
}

}  // namespace attune::trainer
