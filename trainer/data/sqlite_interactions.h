#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/row_hashes.h"
#include "trainer/data/sqlite_import.h"

namespace attune::trainer {

/// Imports interactions: ids become numbers, and rows equal in every field are kept once.
///
/// Duplicates are found at commit, without an index: each row leaves a 64-bit hash in memory; only
/// rows whose hash comes twice are read back and compared.
class SqliteInteractionImport final : public SqliteImport {
 public:
  SqliteInteractionImport(SqliteDatabase& database, const AvroSchema& schema, ImportMode mode,
                          std::function<void()> onCommit);
  void append(const RowBatch& rows) override;
  ImportCounts commit() override;

 private:
  using FirstRows = std::unordered_map<uint64_t, int64_t>;  // hash -> the first row that has it

  void beforeTableIsEmptied() override;
  void keepPutRows();
  void loadNames();
  void insertRow(std::span<const FieldValue> row, int64_t source);
  FieldValue numbered(size_t field, const FieldValue& value);
  void saveNames();
  uint64_t dropDuplicates();
  void addStoredRows(FirstRows& first);
  bool sameRow(int64_t a, int64_t b);

  std::array<StringTable, 3> names_;
  std::array<uint32_t, 3> savedNames_{};
  std::vector<int> nameTables_;  // of each field, or -1
  std::vector<FieldValue> values_;
  std::unique_ptr<SqliteStatement> insert_;
  std::unique_ptr<SqliteStatement> selectA_;
  std::unique_ptr<SqliteStatement> selectB_;
  RowBatch putRows_;
  int64_t lastStoredRow_ = 0;
  RowHashes hashes_;  // of rows lastStoredRow_ + 1, ...
};

}  // namespace attune::trainer
