#include "trainer/data/postgres_store.h"

#include "trainer/data/event_rows.h"
#include "trainer/data/postgres_events.h"
#include "trainer/data/postgres_import.h"

namespace attune::trainer {
namespace {

constexpr DatasetType kAllTypes[] = {DatasetType::interactions, DatasetType::items,
                                     DatasetType::users};
constexpr int kAttempts = 5;

/// A transaction that sees one moment; within one that does already, it does nothing.
class Moment {
 public:
  Moment(PostgresConnection& connection, bool isOpen) : connection_(connection), isOpen_(isOpen) {
    if (!isOpen_) connection_.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }
  ~Moment() {
    if (!isOpen_) connection_.rollback();
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

 private:
  PostgresConnection& connection_;
  bool isOpen_;
};

class PostgresStore final : public Store {
 public:
  PostgresStore(const std::string& url, StoreAccess access)
      : connection_(url, kBatchPatience), isReading_(access == StoreAccess::read) {
    if (isReading_) {
      requireLayout(connection_);
      openMoment();
    } else {
      createLayout(connection_);
    }
  }

  std::optional<AvroSchema> schema(DatasetType type) const override {
    if (const auto stored = storedDataset(connection_, type)) return stored->schema;
    if (type != DatasetType::interactions || !hasEvents(connection_)) return std::nullopt;
    return eventSchema();
  }

  DatasetCounts counts(DatasetType type) const override {
    const Moment moment(connection_, isReading_);
    const std::optional<StoredDataset> stored = storedDataset(connection_, type);
    if (type == DatasetType::interactions) return interactionCounts(connection_, stored);
    if (!stored) return {};
    const auto rows =
        static_cast<uint64_t>(connection_.queryInteger("SELECT count(*) FROM " + stored->table));
    return {rows, type == DatasetType::users ? rows : 0, type == DatasetType::items ? rows : 0};
  }

  EventCounts scan(DatasetType type, const RowVisitor& visit) const override {
    const Moment moment(connection_, isReading_);
    const std::optional<StoredDataset> stored = storedDataset(connection_, type);
    if (stored) scanTable(*stored, visit);
    if (type != DatasetType::interactions || !hasEvents(connection_)) return {};
    return scanEvents(connection_, stored ? stored->schema : eventSchema(), visit);
  }

  Deletions deletions() const override {
    if (!hasOrigins(connection_)) return {};
    const PostgresRows rows = connection_.run("SELECT count,mark FROM attune.deletions");
    if (rows.count() == 0) return {};
    return {static_cast<uint64_t>(rows.integer(0, 0)), std::string(rows.text(0, 1))};
  }

  std::unique_ptr<ImportTransaction> beginImport(const AvroSchema& schema,
                                                 ImportMode mode) override {
    return beginPostgresImport(connection_, schema, mode);
  }

 private:
  /// From here on one moment is seen. Its tables are touched at once, for a full import drops those
  /// it replaced unless somebody uses them; one that did so just now makes this begin again.
  void openMoment() {
    for (int attempt = 1;; ++attempt) {
      connection_.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      if (touchTables(attempt == kAttempts)) return;
      connection_.rollback();
    }
  }

  /// False when a table cannot be read; the last time, that is thrown.
  bool touchTables(bool isLast) {
    for (const DatasetType type : kAllTypes) {
      const auto stored = storedDataset(connection_, type);
      if (!stored) continue;
      const std::string touch = "SELECT FROM " + stored->table + " LIMIT 0";
      if (isLast)
        connection_.run(touch);
      else if (!connection_.tryRun(touch))
        return false;
    }
    return true;
  }

  void scanTable(const StoredDataset& dataset, const RowVisitor& visit) const {
    std::vector<FieldValue> values(dataset.schema.fields.size());
    forEachRow(
        connection_,
        "SELECT " + fieldColumns(dataset.schema) + " FROM " + dataset.table + " ORDER BY \"row\"",
        [&](const PostgresRows& rows, int row) {
          for (size_t i = 0; i < values.size(); ++i)
            values[i] = rows.value(row, static_cast<int>(i));
          visit(values);
        });
  }

  mutable PostgresConnection connection_;
  bool isReading_;
};

}  // namespace

std::unique_ptr<Store> openPostgresStore(const std::string& url, StoreAccess access) {
  return std::make_unique<PostgresStore>(url, access);
}

}  // namespace attune::trainer
