#pragma once

#include <memory>
#include <unordered_set>

#include "trainer/data/sqlite_import.h"

namespace attune::trainer {

/// Imports items or users: one record an id, the last values win.
class SqliteRecordImport final : public SqliteImport {
 public:
  SqliteRecordImport(SqliteDatabase& database, const AvroSchema& schema, ImportMode mode,
                     std::function<void()> onCommit);
  void append(const RowBatch& rows) override;
  ImportCounts commit() override;

 private:
  std::string upsertSql() const;
  void count(bool changed);

  std::unique_ptr<SqliteStatement> upsert_;
  int64_t lastStoredRow_ = 0;  // rows above are of this import
  int64_t lastNewRow_ = 0;
  std::unordered_set<int64_t> replaced_;
  ImportCounts counts_;
};

}  // namespace attune::trainer
