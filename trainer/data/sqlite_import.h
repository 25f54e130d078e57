#pragma once

#include <functional>
#include <memory>

#include "trainer/data/sqlite_layout.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// What imports into SQLite have in common: one write transaction, the schema's row in `datasets`,
/// undoing when it is not committed.
class SqliteImport : public ImportTransaction {
 public:
  /// `onCommit` is called once the data is durable.
  SqliteImport(SqliteDatabase& database, AvroSchema schema, ImportMode mode,
               std::function<void()> onCommit);
  ~SqliteImport() override;

 protected:
  /// Locks the store, makes the layout and the dataset's table where they are missing, and empties
  /// the table in full mode. Called by the constructors of the kinds of import.
  void begin();
  void commitTransaction();

  /// Puts aside what a full import must keep before the table is made anew.
  virtual void beforeTableIsEmptied() {}

  SqliteDatabase& database() { return database_; }
  const AvroSchema& schema() const { return schema_; }
  const std::string& table() const { return table_; }
  ImportMode mode() const { return mode_; }

 private:
  void prepareTable();

  SqliteDatabase& database_;
  AvroSchema schema_;
  std::string table_;
  ImportMode mode_;
  std::function<void()> onCommit_;
  bool open_ = false;
};

/// Begins the import that fits the schema's type.
std::unique_ptr<ImportTransaction> beginSqliteImport(SqliteDatabase& database,
                                                     const AvroSchema& schema, ImportMode mode,
                                                     std::function<void()> onCommit);

/// The schema stored for a dataset, when there is one.
std::optional<AvroSchema> storedSchema(SqliteDatabase& database, DatasetType type);

}  // namespace attune::trainer
