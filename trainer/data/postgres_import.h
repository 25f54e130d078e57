#pragma once

#include <memory>
#include <optional>
#include <string>

#include "trainer/data/postgres_copy.h"
#include "trainer/data/postgres_layout.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// What imports into PostgreSQL have in common: one transaction, the lock that lets one import in
/// at a time, the dataset's row, undoing when it is not committed.
class PostgresImport : public ImportTransaction {
 public:
  PostgresImport(PostgresConnection& connection, AvroSchema schema, ImportMode mode);
  ~PostgresImport() override;

 protected:
  /// Takes the locks, checks the schema, and makes a new table where the mode or the first import
  /// asks for one. Called by the constructors of the kinds of import.
  void begin();
  /// Points the dataset to table() and makes everything durable.
  void commitTransaction();

  PostgresConnection& connection() { return connection_; }
  const AvroSchema& schema() const { return schema_; }
  const std::string& table() const { return table_; }
  /// True when table() was made by this import.
  bool isNewTable() const { return isNewTable_; }
  /// The table that readers see until the commit, when this import replaces it.
  const std::optional<std::string>& replacedTable() const { return replacedTable_; }
  /// The greatest "row" of table().
  int64_t lastRow();

 private:
  bool hasPutRows(const std::string& table);

  PostgresConnection& connection_;
  AvroSchema schema_;
  ImportMode mode_;
  std::string table_;
  std::optional<std::string> replacedTable_;
  bool isNewTable_ = false;
  bool open_ = false;
};

/// Begins the import that fits the schema's type.
std::unique_ptr<ImportTransaction> beginPostgresImport(PostgresConnection& connection,
                                                       const AvroSchema& schema, ImportMode mode);

}  // namespace attune::trainer
