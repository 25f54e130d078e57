#include "trainer/data/postgres_import.h"

#include "trainer/base/errors.h"
#include "trainer/data/import_rules.h"
#include "trainer/data/postgres_interactions.h"
#include "trainer/data/postgres_records.h"

namespace attune::trainer {

PostgresImport::PostgresImport(PostgresConnection& connection, AvroSchema schema, ImportMode mode)
    : connection_(connection), schema_(std::move(schema)), mode_(mode) {}

PostgresImport::~PostgresImport() {
  if (open_) connection_.rollback();
}

void PostgresImport::begin() {
  connection_.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  open_ = true;
  requireNoImport(connection_);
  takeLock(connection_, lockOf(schema_.type));  // single records under way are done in moments
  const std::optional<StoredDataset> stored = storedDataset(connection_, schema_.type);
  checkSchemaOfImport(stored ? std::optional(stored->schema) : std::nullopt, schema_, mode_,
                      stored && hasPutRows(stored->table));
  if (stored && mode_ == ImportMode::incremental) {
    table_ = stored->table;
    return;
  }
  if (stored) replacedTable_ = stored->table;
  table_ = createRowsTable(connection_, schema_);
  isNewTable_ = true;
}

bool PostgresImport::hasPutRows(const std::string& table) {
  return schema_.type != DatasetType::interactions &&
         connection_.queryInteger("SELECT EXISTS(SELECT 1 FROM " + table +
                                  " WHERE \"source\"=" + std::to_string(kSourcePut) + ")") != 0;
}

int64_t PostgresImport::lastRow() {
  return connection_.queryInteger("SELECT max(\"row\") FROM " + table_);
}

void PostgresImport::commitTransaction() {
  connection_.run("ANALYZE " + table_);
  PostgresParameters dataset;
  dataset.addText(datasetTypeName(schema_.type));
  dataset.addText(schema_.json);
  dataset.addText(table_.substr(table_.find('.') + 1));
  connection_.run(
      "INSERT INTO attune.datasets(type,schema,rows_table) VALUES($1,$2,$3) ON CONFLICT(type) DO "
      "UPDATE SET schema=excluded.schema,rows_table=excluded.rows_table",
      dataset);
  connection_.run("UPDATE attune.store SET facts=facts+1");
  connection_.run("COMMIT");
  open_ = false;
  dropOldTables(connection_);
}

std::unique_ptr<ImportTransaction> beginPostgresImport(PostgresConnection& connection,
                                                       const AvroSchema& schema, ImportMode mode) {
  if (schema.type == DatasetType::interactions)
    return std::make_unique<PostgresInteractionImport>(connection, schema, mode);
  return std::make_unique<PostgresRecordImport>(connection, schema, mode);
}

}  // namespace attune::trainer
