#pragma once

#include <optional>
#include <vector>

#include "trainer/data/postgres_import.h"

namespace attune::trainer {

/// Imports items or users: one record an id, the last values win, in the place of the first. The
/// rows are gathered in a temporary table and sorted out by the server in one statement.
class PostgresRecordImport final : public PostgresImport {
 public:
  PostgresRecordImport(PostgresConnection& server, const AvroSchema& schemaOfRows,
                       ImportMode importMode);
  void append(const RowBatch& rows) override;
  ImportCounts commit() override;

 private:
  void keepPutRows();
  std::string mergeSql() const;

  std::vector<PostgresType> types_;
  int64_t lastStoredRow_ = 0;
  int64_t gathered_ = 0;
  std::optional<PostgresCopy> copy_;
};

}  // namespace attune::trainer
