#include "trainer/data/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "trainer/base/errors.h"
#include "trainer/data/event_rows.h"
#include "trainer/data/sqlite_events.h"
#include "trainer/data/sqlite_import.h"

namespace attune::trainer {
namespace {

/// The size of a file in bytes, or -1 when there is none.
int64_t fileBytes(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<int64_t>(status.st_size) : -1;
}

/// The names of one name table, by number.
std::vector<std::string> readNames(SqliteDatabase& database, std::string_view table) {
  std::vector<std::string> names;
  SqliteStatement select(database, "SELECT text FROM " + std::string(table) + " ORDER BY number");
  while (select.step()) names.emplace_back(select.text(0));
  return names;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::string& path, SqliteMode mode, bool createdHere)
      : database_(std::make_unique<SqliteDatabase>(path, mode)), createdHere_(createdHere) {
    checkFormat(*database_);
    database_->execute("PRAGMA cache_size=-65536");  // KiB
    database_->execute("PRAGMA synchronous=FULL");
    if (mode == SqliteMode::write) return;
    database_->execute("PRAGMA query_only=1");
    database_->execute("BEGIN");
    database_->queryInteger("SELECT count(*) FROM datasets");  // from here on one moment is seen
  }
  ~SqliteStore() override {
    if (createdHere_ && !committed_) removeEmptyFile();
  }

  std::optional<AvroSchema> schema(DatasetType type) const override {
    const std::optional<AvroSchema> stored = storedSchema(*database_, type);
    if (stored || type != DatasetType::interactions || !hasEvents(*database_)) return stored;
    return eventSchema();
  }

  DatasetCounts counts(DatasetType type) const override {
    const std::string table(datasetTypeName(type));
    if (type == DatasetType::interactions && hasEvents(*database_))
      return countsWithEvents(*database_);
    if (!database_->hasTable(table)) return {};
    const auto rowsOf = [&](std::string_view name) {
      return static_cast<uint64_t>(
          database_->queryInteger("SELECT count(*) FROM " + std::string(name)));
    };
    const uint64_t rows = rowsOf(table);
    if (type == DatasetType::items) return {rows, 0, rows};
    if (type == DatasetType::users) return {rows, rows, 0};
    return {rows, rowsOf(kNameTables[0]), rowsOf(kNameTables[1])};
  }

  EventCounts scan(DatasetType type, const RowVisitor& visit) const override {
    const std::optional<AvroSchema> rows = schema(type);
    if (rows && database_->hasTable(std::string(datasetTypeName(type)))) scanTable(*rows, visit);
    if (type != DatasetType::interactions || !hasEvents(*database_)) return {};
    return scanEvents(*database_, *rows, visit);
  }

  Deletions deletions() const override {
    if (!database_->hasTable("deletions")) return {};
    const bool isMarked = database_->hasColumn("deletions", "mark");
    SqliteStatement select(*database_, std::string("SELECT count,") + (isMarked ? "mark" : "NULL") +
                                           " FROM deletions");
    if (!select.step()) return {};
    return {static_cast<uint64_t>(select.integer(0)), std::string(select.text(1))};
  }

  std::unique_ptr<ImportTransaction> beginImport(const AvroSchema& schema,
                                                 ImportMode mode) override {
    return beginSqliteImport(*database_, schema, mode, [this] { finishCommit(); });
  }

 private:
  void scanTable(const AvroSchema& schema, const RowVisitor& visit) const {
    std::vector<FieldValue> row(schema.fields.size());
    std::vector<std::vector<std::string>> names(row.size());
    for (size_t i = 0; i < row.size(); ++i)
      if (const int table = nameTableOf(schema, i); table >= 0)
        names[i] = readNames(*database_, kNameTables[static_cast<size_t>(table)]);
    SqliteStatement select(*database_, "SELECT " + columnList(schema) + " FROM " +
                                           std::string(datasetTypeName(schema.type)) +
                                           " ORDER BY \"$row\"");
    while (select.step()) {
      for (size_t i = 0; i < row.size(); ++i) row[i] = read(select, i, names[i]);
      visit(row);
    }
  }

  FieldValue read(const SqliteStatement& select, size_t column,
                  const std::vector<std::string>& names) const {
    const FieldValue value = select.value(static_cast<int>(column));
    if (names.empty() || value.isNull()) return value;
    const auto number = static_cast<uint64_t>(value.integer);
    if (value.kind != FieldValue::Kind::integer || number >= names.size())
      throw UserError("store " + database_->path() +
                      " is damaged (an id has no name): import the data again into a new store");
    FieldValue name = FieldValue::ofText(names[number]);
    name.integer = value.integer + 1;
    return name;
  }

  /// The data is safe already; a failure here costs tidiness only.
  void finishCommit() {
    committed_ = true;
    database_->tryExecute("PRAGMA journal_mode=WAL");
    database_->tryExecute("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /// A first import that failed leaves no empty store behind.
  void removeEmptyFile() {
    if (!database_->tryExecute("BEGIN EXCLUSIVE")) return;
    if (fileBytes(database_->path()) == 0) ::unlink(database_->path().c_str());
    database_->tryExecute("ROLLBACK");
  }

  std::unique_ptr<SqliteDatabase> database_;
  bool createdHere_;
  bool committed_ = false;
};

std::unique_ptr<Store> openForReading(const std::string& path) {
  if (fileBytes(path) <= 0)
    throw UserError("no store at " + path + ": create it with attune import, or give --store");
  // WAL needs a writable folder; without pending writes the file alone can be read.
  const std::string folder = std::filesystem::absolute(path).parent_path();
  const bool alone = ::access(folder.c_str(), W_OK) != 0 && fileBytes(path + "-wal") <= 0;
  return std::make_unique<SqliteStore>(path, alone ? SqliteMode::readImmutable : SqliteMode::read,
                                       false);
}

}  // namespace

std::unique_ptr<Store> openSqliteStore(const std::string& path, StoreAccess access) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode))
    throw UserError("store " + path + " is a folder: give --store the path of a file");
  if (access == StoreAccess::read) return openForReading(path);
  return std::make_unique<SqliteStore>(path, SqliteMode::write, !exists);
}

}  // namespace attune::trainer
