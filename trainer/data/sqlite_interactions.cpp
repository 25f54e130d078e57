#include "trainer/data/sqlite_interactions.h"

#include <algorithm>

#include "trainer/data/import_rules.h"

namespace attune::trainer {
namespace {

constexpr int64_t kUnset = 0;  // $row numbers begin at 1

void readRow(const SqliteStatement& statement, std::vector<FieldValue>& row) {
  for (size_t i = 0; i < row.size(); ++i) row[i] = statement.value(static_cast<int>(i));
}

}  // namespace

SqliteInteractionImport::SqliteInteractionImport(SqliteDatabase& sqlite,
                                                 const AvroSchema& schemaOfRows,
                                                 ImportMode importMode,
                                                 std::function<void()> onCommit)
    : SqliteImport(sqlite, schemaOfRows, importMode, std::move(onCommit)),
      values_(schemaOfRows.fields.size()),
      putRows_(schemaOfRows.fields.size()) {
  std::string marks;
  for (size_t i = 0; i < schema().fields.size(); ++i) {
    nameTables_.push_back(nameTableOf(schema(), i));
    marks += ",?";
  }
  begin();
  loadNames();
  insert_ = std::make_unique<SqliteStatement>(
      database(), "INSERT INTO interactions(\"$row\",\"$source\"," + columnList(schema()) +
                      ") VALUES(?,?" + marks + ")");
  for (size_t i = 0; i < putRows_.rowCount(); ++i) insertRow(putRows_.row(i), kSourcePut);
  lastStoredRow_ = database().queryInteger("SELECT max(\"$row\") FROM interactions");
  hashes_.clear();
}

/// The names begin anew with the table, so single records are taken out and put back.
void SqliteInteractionImport::beforeTableIsEmptied() {
  keepPutRows();
  for (const std::string_view table : kNameTables)
    database().execute("DELETE FROM " + std::string(table));
}

void SqliteInteractionImport::keepPutRows() {
  if (database().queryInteger("SELECT EXISTS(SELECT 1 FROM interactions WHERE \"$source\"=1)") == 0)
    return;
  loadNames();
  SqliteStatement select(database(),
                         "SELECT " + columnList(schema()) +
                             " FROM interactions WHERE \"$source\"=1 ORDER BY \"$row\"");
  while (select.step()) {
    readRow(select, values_);
    for (size_t i = 0; i < values_.size(); ++i)
      if (nameTables_[i] >= 0 && !values_[i].isNull())
        values_[i] = FieldValue::ofText(
            names_[static_cast<size_t>(nameTables_[i])][static_cast<uint32_t>(values_[i].integer)]);
    putRows_.append(values_);
  }
}

void SqliteInteractionImport::loadNames() {
  for (size_t i = 0; i < names_.size(); ++i) {
    names_[i] = StringTable();
    SqliteStatement select(database(),
                           "SELECT text FROM " + std::string(kNameTables[i]) + " ORDER BY number");
    while (select.step()) names_[i].add(select.text(0));
    savedNames_[i] = names_[i].size();
  }
}

void SqliteInteractionImport::append(const RowBatch& rows) {
  for (size_t i = 0; i < rows.rowCount(); ++i) insertRow(rows.row(i), kSourceBulk);
}

void SqliteInteractionImport::insertRow(std::span<const FieldValue> row, int64_t source) {
  for (size_t i = 0; i < row.size(); ++i) values_[i] = numbered(i, row[i]);
  hashes_.add(values_);
  insert_->bindInteger(0, lastStoredRow_ + static_cast<int64_t>(hashes_.size()));
  insert_->bindInteger(1, source);
  for (size_t i = 0; i < row.size(); ++i) insert_->bind(static_cast<int>(i) + 2, values_[i]);
  insert_->run();
}

/// The value as it is stored: names as numbers.
FieldValue SqliteInteractionImport::numbered(size_t field, const FieldValue& value) {
  if (nameTables_[field] < 0 || value.isNull()) return value;
  return FieldValue::ofInteger(names_[static_cast<size_t>(nameTables_[field])].add(value.text));
}

ImportCounts SqliteInteractionImport::commit() {
  insert_.reset();
  saveNames();
  ImportCounts counts;
  counts.duplicates = dropDuplicates();
  counts.added = hashes_.size() - counts.duplicates;
  commitTransaction();
  return counts;
}

void SqliteInteractionImport::saveNames() {
  for (size_t i = 0; i < names_.size(); ++i) {
    SqliteStatement insert(database(),
                           "INSERT INTO " + std::string(kNameTables[i]) + " VALUES(?,?)");
    for (uint32_t number = savedNames_[i]; number < names_[i].size(); ++number) {
      insert.bindInteger(0, number);
      insert.bindText(1, names_[i][number]);
      insert.run();
    }
  }
}

uint64_t SqliteInteractionImport::dropDuplicates() {
  FirstRows first;
  for (const uint64_t hash : hashes_.repeated()) first.emplace(hash, kUnset);
  if (mode() == ImportMode::incremental) addStoredRows(first);
  if (first.empty()) return 0;
  const std::string select =
      "SELECT " + columnList(schema()) + " FROM interactions WHERE \"$row\"=?";
  selectA_ = std::make_unique<SqliteStatement>(database(), select);
  selectB_ = std::make_unique<SqliteStatement>(database(), select);
  SqliteStatement drop(database(), "DELETE FROM interactions WHERE \"$row\"=?");
  uint64_t dropped = 0;
  for (size_t i = 0; i < hashes_.size(); ++i) {
    const auto found = first.find(hashes_[i]);
    if (found == first.end()) continue;
    const int64_t row = lastStoredRow_ + static_cast<int64_t>(i) + 1;
    if (found->second == kUnset) {
      found->second = row;
    } else if (sameRow(found->second, row)) {
      drop.bindInteger(0, row);
      drop.run();
      ++dropped;
    }
  }
  selectA_.reset();
  selectB_.reset();
  return dropped;
}

/// Adds the hashes that rows stored before share with new ones.
void SqliteInteractionImport::addStoredRows(FirstRows& first) {
  const std::vector<uint64_t> sorted = hashes_.sorted();
  SqliteStatement scan(database(), "SELECT " + columnList(schema()) +
                                       ",\"$row\" FROM interactions WHERE \"$row\"<=?");
  scan.bindInteger(0, lastStoredRow_);
  while (scan.step()) {
    readRow(scan, values_);
    const uint64_t hash = hashOf(values_);
    if (!std::binary_search(sorted.begin(), sorted.end(), hash)) continue;
    int64_t& row = first.emplace(hash, kUnset).first->second;
    if (row == kUnset) row = scan.integer(static_cast<int>(values_.size()));
  }
}

bool SqliteInteractionImport::sameRow(int64_t a, int64_t b) {
  std::vector<FieldValue> rowA(values_.size());
  selectA_->bindInteger(0, a);
  selectB_->bindInteger(0, b);
  const bool both = selectA_->step() && selectB_->step();
  readRow(*selectA_, rowA);
  readRow(*selectB_, values_);
  const bool same = both && rowA == values_;
  selectA_->reset();
  selectB_->reset();
  return same;
}

}  // namespace attune::trainer
