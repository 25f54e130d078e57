#include "trainer/data/sqlite_event_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/data/import_rules.h"
#include "trainer/data/known_aliases.h"
#include "trainer/data/sqlite_import.h"
#include "trainer/data/sqlite_layout.h"

namespace attune::trainer {
namespace {

/// A new file is only as durable as its entry in the folder.
void syncFolder(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path();
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder that may not be read: SQLite synced what it could
  ::fsync(descriptor);
  ::close(descriptor);
}

class SqliteEventLog final : public EventLog {
 public:
  explicit SqliteEventLog(const std::string& path) : database_(path, SqliteMode::write) {
    checkFormat(database_);
    useWal();
    database_.execute("PRAGMA synchronous=FULL");
    database_.execute("PRAGMA secure_delete=ON");  // what is deleted becomes zeros
    database_.execute("PRAGMA cache_size=-65536");            // KiB
    database_.execute("PRAGMA wal_autocheckpoint=8000");      // pages of 4 KiB
    database_.execute("PRAGMA journal_size_limit=67108864");  // a WAL that grew shrinks to this
    database_.execute("PRAGMA busy_timeout=2000");            // ms, for imports and other tools
    createTables();
    syncFolder(path);
    changedElsewhere();
    insert_ = std::make_unique<SqliteStatement>(
        database_,
        "INSERT INTO events(key,received,time,tracker,session,user,anonymous,type,item,value,"
        "properties,impression,recommendation,attribution,source,verified) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT(key) DO NOTHING");
    identify_ = std::make_unique<SqliteStatement>(
        database_,
        "INSERT INTO event_identities VALUES(?,?,?) ON CONFLICT(kind,alias) DO UPDATE SET "
        "user=NULL WHERE user IS NOT excluded.user");
  }

  void begin() override {
    database_.execute("BEGIN IMMEDIATE");
    open_ = true;
    // Another process may have deleted a user, whose identities must then be written again.
    if (const int64_t version = dataVersion(); version != aliasVersion_) {
      aliasVersion_ = version;
      known_.clear();
    }
  }

  using EventLog::add;
  std::vector<bool> add(std::span<const Event> events) override {
    std::vector<bool> isNew;
    for (const Event& event : events) isNew.push_back(addOne(event));
    return isNew;
  }

  bool putRecords(const AvroSchema& schema, const RowBatch& rows) override {
    const std::optional<AvroSchema> stored = this->schema(schema.type);
    if (!stored || !schemaDifference(*stored, schema).empty()) return false;
    SqliteStatement upsert(database_, upsertSql(schema));
    for (size_t i = 0; i < rows.rowCount(); ++i) {
      const auto row = rows.row(i);
      for (size_t field = 0; field < row.size(); ++field)
        upsert.bind(static_cast<int>(field), row[field]);
      upsert.run();
    }
    return true;
  }

  void commit() override {
    database_.execute("COMMIT");
    open_ = false;
  }

  void rollback() noexcept override {
    if (open_) database_.tryExecute("ROLLBACK");
    open_ = false;
    known_.clear();
  }

  std::optional<AvroSchema> schema(DatasetType type) override {
    return storedSchema(database_, type);
  }

  std::vector<EventTracker> trackers() override {
    std::vector<EventTracker> trackers;
    SqliteStatement select(
        database_, "SELECT key_sha256,name,origins,verify_secret,trusted FROM "
                                       "event_trackers ORDER BY name,rowid");
    while (select.step()) {
      EventTracker& tracker = trackers.emplace_back();
      const auto hash = select.bytes(0);
      std::copy_n(hash.begin(), std::min(hash.size(), tracker.keySha256.size()),
                  tracker.keySha256.begin());
      tracker.name = select.text(1);
      tracker.origins = nlohmann::json::parse(select.text(2)).get<std::vector<std::string>>();
      tracker.verifySecret = select.text(3);
      tracker.trusted = select.integer(4) != 0;
    }
    return trackers;
  }

  void addTracker(const EventTracker& tracker) override {
    const std::string origins = nlohmann::json(tracker.origins).dump();
    SqliteStatement insert(database_, 
                           "INSERT INTO event_trackers(key_sha256,name,origins,verify_secret,trusted) "
                           "VALUES(?,?,?,?,?)");
    insert.bindBytes(0, tracker.keySha256);
    insert.bindText(1, tracker.name);
    insert.bindText(2, origins);
    insert.bindText(3, tracker.verifySecret);
    insert.bindInteger(4, tracker.trusted ? 1 : 0);
    insert.run();
  }

  bool removeTracker(const std::array<uint8_t, 32>& keySha256) override {
    SqliteStatement remove(database_, "DELETE FROM event_trackers WHERE key_sha256=?");
    remove.bindBytes(0, keySha256);
    remove.run();
    return database_.changedRows() > 0;
  }

  bool changedElsewhere() override {
    const int64_t version = dataVersion();
    const bool changed = version != dataVersion_;
    dataVersion_ = version;
    return changed;
  }

  void verify(bool thorough) override {
    // The first column says whether somebody's reading kept it from finishing.
    if (thorough && database_.queryInteger("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
      throw UserError("store " + database_.path() + " is being read: wait until it is done");
    begin();
    database_.execute(
        "INSERT INTO event_log_check VALUES(1,1) ON CONFLICT(one) DO UPDATE SET at=at+1");
    commit();
  }

 private:
  int64_t dataVersion() { return database_.queryInteger("PRAGMA data_version"); }

  void useWal() {
    SqliteStatement mode(database_, "PRAGMA journal_mode=WAL");
    if (!mode.step() || mode.text(0) != "wal")
      throw UserError("store " + database_.path() +
                      " cannot keep a write-ahead log: move it to a local disk");
  }

  void createTables() {
    begin();
    try {
      if (!database_.hasTable("datasets")) createLayout(database_);
      createEventTables(database_);
      commit();
    } catch (...) {
      rollback();
      throw;
    }
  }

  bool addOne(const Event& event) {
    bind(event);
    insert_->run();
    if (database_.changedRows() == 0) return false;
    if (event.userId.empty()) return true;
    identify(kSessionAlias, event.sessionId, event.userId);
    if (!event.anonymousId.empty()) identify(kAnonymousAlias, event.anonymousId, event.userId);
    return true;
  }

  void bind(const Event& event) {
    insert_->bindBytes(0, event.key);
    insert_->bindInteger(1, event.receivedMs);
    insert_->bindInteger(2, event.timeMs);
    bindOptional(3, event.tracker);
    bindOptional(4, event.sessionId);
    bindOptional(5, event.userId);
    bindOptional(6, event.anonymousId);
    bindOptional(7, event.eventType);
    bindOptional(8, event.itemId);
    insert_->bind(9, event.eventValue ? FieldValue::ofReal(*event.eventValue) : FieldValue());
    bindOptional(10, event.properties);
    bindOptional(11, event.impression);
    bindOptional(12, event.recommendationId);
    bindOptional(13, event.attributionSource);
    bindOptional(14, event.source);
    insert_->bindInteger(15, event.verified ? 1 : 0);
  }

  void bindOptional(int parameter, const std::string& text) {
    insert_->bind(parameter, text.empty() ? FieldValue() : FieldValue::ofText(text));
  }

  void identify(int64_t kind, const std::string& alias, const std::string& user) {
    if (!known_.add(kind, alias, user)) return;
    identify_->bindInteger(0, kind);
    identify_->bindText(1, alias);
    identify_->bindText(2, user);
    identify_->run();
  }

  static std::string upsertSql(const AvroSchema& schema) {
    const std::string put = std::to_string(kSourcePut);
    std::string marks;
    std::string assignments;
    for (const SchemaField& field : schema.fields) {
      marks += ",?";
      assignments += ",\"" + field.name + "\"=excluded.\"" + field.name + '"';
    }
    return "INSERT INTO " + std::string(datasetTypeName(schema.type)) + "(\"$source\"," +
           columnList(schema) + ") VALUES(" + put + marks + ") ON CONFLICT(" +
           idColumn(schema.type) + ") DO UPDATE SET \"$source\"=" + put + assignments;
  }

  SqliteDatabase database_;
  std::unique_ptr<SqliteStatement> insert_;
  std::unique_ptr<SqliteStatement> identify_;
  KnownAliases known_;
  int64_t dataVersion_ = 0;
  int64_t aliasVersion_ = 0;
  bool open_ = false;
};

}  // namespace

std::unique_ptr<EventLog> openSqliteEventLog(const std::string& path) {
  return std::make_unique<SqliteEventLog>(path);
}

}  // namespace attune::trainer
