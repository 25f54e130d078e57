#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "trainer/data/postgres_import.h"
#include "trainer/data/row_hashes.h"

namespace attune::trainer {

/// Imports interactions: rows equal in every field are kept once.
///
/// Duplicates are found at commit, without an index: each row leaves a 64-bit hash in memory; only
/// rows whose hash comes twice are compared, by the server.
class PostgresInteractionImport final : public PostgresImport {
 public:
  PostgresInteractionImport(PostgresConnection& server, const AvroSchema& schemaOfRows,
                            ImportMode importMode);
  void append(const RowBatch& rows) override;
  ImportCounts commit() override;

 private:
  struct Suspect {
    int64_t row;
    uint64_t hash;
  };

  uint64_t dropDuplicates();
  std::vector<Suspect> findSuspects();
  std::vector<Suspect> storedSuspects();
  void saveSuspects(const std::vector<Suspect>& suspects);

  std::vector<PostgresType> types_;
  int64_t lastStoredRow_ = 0;
  RowHashes hashes_;  // of rows lastStoredRow_ + 1, ...
  std::optional<PostgresCopy> copy_;
};

}  // namespace attune::trainer
