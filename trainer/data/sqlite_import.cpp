#include "trainer/data/sqlite_import.h"

#include <unistd.h>

#include "trainer/base/errors.h"
#include "trainer/data/import_rules.h"
#include "trainer/data/sqlite_interactions.h"
#include "trainer/data/sqlite_records.h"

namespace attune::trainer {

SqliteImport::SqliteImport(SqliteDatabase& database, AvroSchema schema, ImportMode mode,
                           std::function<void()> onCommit)
    : database_(database),
      schema_(std::move(schema)),
      table_(datasetTypeName(schema_.type)),
      mode_(mode),
      onCommit_(std::move(onCommit)) {}

SqliteImport::~SqliteImport() {
  if (open_) database_.tryExecute("ROLLBACK");
}

void SqliteImport::begin() {
  database_.execute("BEGIN IMMEDIATE");
  open_ = true;
  if (::access(database_.path().c_str(), F_OK) != 0)
    throw UserError("store " + database_.path() + " was removed by another process: repeat");
  if (!database_.hasTable("datasets")) createLayout(database_);
  prepareTable();
  SqliteStatement remember(database_, "INSERT OR REPLACE INTO datasets VALUES(?,?)");
  remember.bindText(0, table_);
  remember.bindText(1, schema_.json);
  remember.run();
}

void SqliteImport::prepareTable() {
  if (!database_.hasTable(table_)) return createDatasetTable(database_, schema_);
  const bool hasPutRows =
      database_.queryInteger("SELECT EXISTS(SELECT 1 FROM " + table_ +
                             " WHERE \"$source\"=" + std::to_string(kSourcePut) + ")") != 0;
  checkSchemaOfImport(storedSchema(database_, schema_.type), schema_, mode_, hasPutRows);
  if (mode_ == ImportMode::incremental) return;
  beforeTableIsEmptied();
  if (hasPutRows && schema_.type != DatasetType::interactions)
    database_.execute("DELETE FROM " + table_ +
                      " WHERE \"$source\"=" + std::to_string(kSourceBulk));
  else
    createDatasetTable(database_, schema_);
}

void SqliteImport::commitTransaction() {
  database_.execute("COMMIT");
  open_ = false;
  onCommit_();
}

std::optional<AvroSchema> storedSchema(SqliteDatabase& database, DatasetType type) {
  if (!database.hasTable("datasets")) return std::nullopt;
  SqliteStatement find(database, "SELECT schema FROM datasets WHERE type=?");
  find.bindText(0, datasetTypeName(type));
  if (!find.step()) return std::nullopt;
  return parseAvroSchema(find.text(0), type, "store " + database.path());
}

std::unique_ptr<ImportTransaction> beginSqliteImport(SqliteDatabase& database,
                                                     const AvroSchema& schema, ImportMode mode,
                                                     std::function<void()> onCommit) {
  if (schema.type == DatasetType::interactions)
    return std::make_unique<SqliteInteractionImport>(database, schema, mode, std::move(onCommit));
  return std::make_unique<SqliteRecordImport>(database, schema, mode, std::move(onCommit));
}

}  // namespace attune::trainer
