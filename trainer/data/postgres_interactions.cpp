#include "trainer/data/postgres_interactions.h"

#include <algorithm>

namespace attune::trainer {

PostgresInteractionImport::PostgresInteractionImport(PostgresConnection& server,
                                                     const AvroSchema& schemaOfRows,
                                                     ImportMode importMode)
    : PostgresImport(server, schemaOfRows, importMode) {
  for (const SchemaField& field : schema().fields) types_.push_back(postgresType(field.type));
  begin();
  lastStoredRow_ = lastRow();
  copy_.emplace(connection(), table() + "(\"row\"," + fieldColumns(schema()) + ")",
                types_.size() + 1);
}

void PostgresInteractionImport::append(const RowBatch& rows) {
  for (size_t i = 0; i < rows.rowCount(); ++i) {
    const auto row = rows.row(i);
    hashes_.add(row);
    copy_->beginRow();
    copy_->values().addInteger(PostgresType::int64,
                               lastStoredRow_ + static_cast<int64_t>(hashes_.size()));
    for (size_t field = 0; field < row.size(); ++field)
      copy_->values().addField(types_[field], row[field]);
  }
}

ImportCounts PostgresInteractionImport::commit() {
  copy_->finish();
  ImportCounts counts;
  counts.duplicates = dropDuplicates();
  counts.added = hashes_.size() - counts.duplicates;
  // Made last: an index that is there already makes every row dearer.
  if (isNewTable()) connection().run("ALTER TABLE " + table() + " ADD PRIMARY KEY(\"row\")");
  commitTransaction();
  return counts;
}

/// Of rows equal in every field the first stays; rows stored before are never touched.
uint64_t PostgresInteractionImport::dropDuplicates() {
  const std::vector<Suspect> suspects = findSuspects();
  if (suspects.empty()) return 0;
  saveSuspects(suspects);
  PostgresParameters last;
  last.addInteger(PostgresType::int64, lastStoredRow_);
  return static_cast<uint64_t>(connection().queryInteger(
      "WITH dropped AS (DELETE FROM " + table() +
          " t USING (SELECT i.\"row\",row_number() OVER (PARTITION BY s.hash," +
          fieldColumns(schema(), "i.") + " ORDER BY i.\"row\") AS place FROM suspects s JOIN " +
          table() +
          " i ON i.\"row\"=s.\"row\") d WHERE d.place>1 AND d.\"row\">$1 AND t.\"row\"=d.\"row\" "
          "RETURNING 1) SELECT count(*) FROM dropped",
      last));
}

std::vector<PostgresInteractionImport::Suspect> PostgresInteractionImport::findSuspects() {
  std::vector<Suspect> suspects = storedSuspects();
  std::vector<uint64_t> shared = hashes_.repeated();
  for (const Suspect& stored : suspects) shared.push_back(stored.hash);
  std::sort(shared.begin(), shared.end());
  for (size_t i = 0; i < hashes_.size(); ++i)
    if (std::binary_search(shared.begin(), shared.end(), hashes_[i]))
      suspects.push_back({lastStoredRow_ + static_cast<int64_t>(i) + 1, hashes_[i]});
  return suspects;
}

/// Rows stored before that share their hash with a new one.
std::vector<PostgresInteractionImport::Suspect> PostgresInteractionImport::storedSuspects() {
  std::vector<Suspect> suspects;
  if (lastStoredRow_ == 0) return suspects;
  const std::vector<uint64_t> sorted = hashes_.sorted();
  std::vector<FieldValue> values(types_.size());
  forEachRow(connection(),
             "SELECT \"row\"," + fieldColumns(schema()) + " FROM " + table() +
                 " WHERE \"row\"<=" + std::to_string(lastStoredRow_),
             [&](const PostgresRows& rows, int row) {
               for (size_t i = 0; i < values.size(); ++i)
                 values[i] = rows.value(row, static_cast<int>(i) + 1);
               const uint64_t hash = hashOf(values);
               if (std::binary_search(sorted.begin(), sorted.end(), hash))
                 suspects.push_back({rows.integer(row, 0), hash});
             });
  return suspects;
}

void PostgresInteractionImport::saveSuspects(const std::vector<Suspect>& suspects) {
  connection().run("CREATE TEMPORARY TABLE suspects(\"row\" bigint,hash bigint) ON COMMIT DROP");
  PostgresCopy copy(connection(), "suspects", 2);
  for (const Suspect& suspect : suspects) {
    copy.beginRow();
    copy.values().addInteger(PostgresType::int64, suspect.row);
    copy.values().addInteger(PostgresType::int64, static_cast<int64_t>(suspect.hash));
  }
  copy.finish();
  connection().run("ANALYZE suspects");
}

}  // namespace attune::trainer
