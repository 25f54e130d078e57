#include "trainer/data/postgres_user_data.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "trainer/base/errors.h"
#include "trainer/data/known_aliases.h"
#include "trainer/data/postgres_events.h"
#include "trainer/data/postgres_layout.h"

namespace attune::trainer {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLookAgain(100);

class PostgresUserData final : public UserData {
 public:
  explicit PostgresUserData(const std::string& url) : connection_(url, kBatchPatience) {
    requireLayout(connection_);
  }

  void visit(const std::string& userId, const UserVisitor& visitor) override {
    connection_.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    try {
      visitRows(DatasetType::users, userId, visitor.record);
      visitRows(DatasetType::interactions, userId, visitor.interaction);
      scanUserEvents(connection_, userId, visitor.event);
      visitAliases(kSessionAlias, userId, visitor.session);
      visitAliases(kAnonymousAlias, userId, visitor.anonymous);
    } catch (...) {
      connection_.rollback();
      throw;
    }
    connection_.run("COMMIT");
  }

  DeletedData remove(std::span<const std::string> userIds) override {
    createLayout(connection_);  // where a deletion is counted, in an older store
    requireDurability(connection_);
    connection_.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    try {
      keepOthersOut();
      const DeletedData deleted = removeAll(userIds);
      connection_.run("COMMIT");
      return deleted;
    } catch (...) {
      connection_.rollback();
      throw;
    }
  }

  bool eraseTraces(int waitSeconds) override {
    createLayout(connection_);
    const auto deadline = Clock::now() + std::chrono::seconds(waitSeconds);
    const bool isErased = eraseBefore(deadline);
    setLockTimeout(kBatchPatience.lock);
    return isErased;
  }

  std::string keptElsewhere() override {
    std::string where =
        "the server's write-ahead log until it is written over, standbys, archives and backups";
    if (!mayVacuumStatistics())
      where +=
          ", and PostgreSQL's statistics of columns, which only the database's owner may write "
          "anew: VACUUM FULL pg_statistic";
    return where;
  }

 private:
  // Reading.

  void visitRows(DatasetType type, const std::string& userId,
                 const std::function<void(const AvroSchema&, std::span<const FieldValue>)>& take) {
    const std::optional<StoredDataset> stored = storedDataset(connection_, type);
    if (!stored) return;
    std::vector<FieldValue> values(stored->schema.fields.size());
    PostgresParameters user;
    user.addText(userId);
    forEachRow(
        connection_,
        "SELECT " + fieldColumns(stored->schema) + " FROM " + stored->table + " WHERE " +
            userColumn(*stored) + "=$1 ORDER BY \"row\"",
        [&](const PostgresRows& rows, int row) {
          for (size_t i = 0; i < values.size(); ++i)
            values[i] = rows.value(row, static_cast<int>(i));
          take(stored->schema, values);
        },
        user);
  }

  void visitAliases(int64_t kind, const std::string& userId,
                    const std::function<void(std::string_view)>& take) {
    PostgresParameters user;
    user.addText(userId);
    forEachRow(
        connection_,
        "SELECT alias FROM attune.event_identities WHERE kind=" + std::to_string(kind) +
            " AND user_id=$1 ORDER BY alias",
        [&](const PostgresRows& rows, int row) { take(rows.text(row, 0)); }, user);
  }

  static std::string userColumn(const StoredDataset& dataset) {
    return fieldColumn(*dataset.schema.find("USER_ID"));
  }

  // Deleting. Who and what is to go stands in temporary tables, so that many users cost one look
  // at each table.

  /// Imports and single records first, events last: collectors never wait for the former, so nobody
  /// who waits here holds what is waited for. Readers go on.
  void keepOthersOut() {
    requireNoImport(connection_);
    takeLock(connection_, PostgresLock::interactions);
    takeLock(connection_, PostgresLock::users);
    connection_.run("LOCK TABLE attune.events,attune.event_identities IN EXCLUSIVE MODE");
  }

  DeletedData removeAll(std::span<const std::string> userIds) {
    PostgresArray ids(PostgresType::text);
    for (const std::string& id : userIds) ids.addBytes(id);
    PostgresParameters parameters;
    parameters.addArray(ids);
    for (const char* table : {"gone", "found"})
      connection_.run("CREATE TEMPORARY TABLE " + std::string(table) +
                      "(id text COLLATE \"C\" PRIMARY KEY) ON COMMIT DROP");
    connection_.run("INSERT INTO gone SELECT DISTINCT unnest($1::text[])", parameters);
    connection_.run("ANALYZE gone");
    DeletedData deleted;
    removeEvents(deleted);
    deleted.interactions = removeRows(DatasetType::interactions);
    deleted.records = removeRows(DatasetType::users);
    deleted.users = static_cast<uint64_t>(connection_.queryInteger("SELECT count(*) FROM found"));
    if (deleted.users > 0)
      connection_.run(
          "INSERT INTO attune.deletions AS counted(count,mark) VALUES(1,"
          "left(replace(gen_random_uuid()::text,'-',''),16)) ON CONFLICT(one) DO UPDATE SET "
          "count=counted.count+1");
    return deleted;
  }

  void removeEvents(DeletedData& deleted) {
    connection_.run("CREATE TEMPORARY TABLE gone_events ON COMMIT DROP AS SELECT e.\"row\"," +
                    postgresEventUser() + " AS who,e.session_id,e.anonymous_id" + postgresEventsWithIdentities() +
                    " WHERE " + postgresEventUser() + " IN (SELECT id FROM gone)");
    connection_.run("ANALYZE gone_events");
    note("SELECT who FROM gone_events");
    note("SELECT user_id FROM attune.event_identities WHERE user_id IN (SELECT id FROM gone)");
    deleted.events = change(
        "DELETE FROM attune.events e USING gone_events g WHERE e.\"row\"=g.\"row\"");
    deleted.identities = change(
        "DELETE FROM attune.event_identities WHERE user_id IN (SELECT id FROM gone)");
    // What two users were seen with says nothing of either, and goes once no event has it.
    for (const auto& [kind, column] : {std::pair{kSessionAlias, "session_id"},
                                       std::pair{kAnonymousAlias, "anonymous_id"}})
      deleted.identities += change(
          "DELETE FROM attune.event_identities i WHERE kind=" + std::to_string(kind) +
          " AND alias IN (SELECT " + column + " FROM gone_events) AND NOT EXISTS(SELECT 1 FROM " +
          "attune.events e WHERE e." + column + "=i.alias)");
  }

  uint64_t removeRows(DatasetType type) {
    const std::optional<StoredDataset> stored = storedDataset(connection_, type);
    if (!stored) return 0;
    const std::string who = userColumn(*stored);
    const std::string from = " FROM " + stored->table + " WHERE " + who + " IN (SELECT id FROM gone)";
    note("SELECT " + who + from);
    return change("DELETE" + from);
  }

  void note(const std::string& select) {
    connection_.run("INSERT INTO found " + select + " ON CONFLICT DO NOTHING");
  }

  uint64_t change(const std::string& deletion) {
    return static_cast<uint64_t>(connection_.queryInteger(
        "WITH changed AS (" + deletion + " RETURNING 1) SELECT count(*) FROM changed"));
  }

  // Erasing. Deleted rows stay in a table's files as long as anybody's moment may show them, and in
  // its free space after that; only writing the table anew leaves them out. Samples of the rows are
  // in the statistics of columns, too.

  bool eraseBefore(Clock::time_point deadline) {
    // What imports replaced still holds what was deleted since.
    if (!comesTrue(deadline, [this] { return dropOldTables(connection_); })) return false;
    const std::vector<std::string> tables = personalTables();
    for (const std::string& table : tables)
      if (!runBefore(deadline, "ANALYZE " + table)) return false;
    if (!isForgotten(deadline)) return false;
    for (const std::string& table : tables)
      if (!runBefore(deadline, "VACUUM FULL " + table)) return false;
    return !mayVacuumStatistics() || runBefore(deadline, "VACUUM FULL pg_catalog.pg_statistic");
  }

  std::vector<std::string> personalTables() {
    std::vector<std::string> tables{"attune.events", "attune.event_identities"};
    for (const DatasetType type : {DatasetType::interactions, DatasetType::users})
      if (const auto stored = storedDataset(connection_, type)) tables.push_back(stored->table);
    return tables;
  }

  /// Waits until no transaction, of whatever program, can see what was deleted by now. The server
  /// does not tell, but it keeps a row for them that is deleted here.
  bool isForgotten(Clock::time_point deadline) {
    connection_.run("INSERT INTO attune.erasure_probe VALUES(1)");
    connection_.run("DELETE FROM attune.erasure_probe");
    return comesTrue(deadline, [this, deadline] {
      return runBefore(deadline, "VACUUM FULL attune.erasure_probe") &&
             connection_.queryInteger("SELECT pg_relation_size('attune.erasure_probe')") == 0;
    });
  }

  /// Asks until it is true, at least once.
  template <typename Question>
  static bool comesTrue(Clock::time_point deadline, const Question& question) {
    while (!question()) {
      if (Clock::now() + kLookAgain > deadline) return false;
      std::this_thread::sleep_for(kLookAgain);
    }
    return true;
  }

  bool runBefore(Clock::time_point deadline, const std::string& sql) {
    setLockTimeout(std::max(
        kLookAgain, std::chrono::duration_cast<milliseconds>(deadline - Clock::now())));
    return connection_.runUnlessBusy(sql);
  }

  void setLockTimeout(milliseconds timeout) {
    connection_.run("SET lock_timeout=" + std::to_string(timeout.count()));
  }

  bool mayVacuumStatistics() {
    return connection_.queryInteger(
               "SELECT r.rolsuper OR pg_has_role(d.datdba,'USAGE') FROM pg_roles r,pg_database d "
               "WHERE r.rolname=current_user AND d.datname=current_database()") != 0;
  }

  PostgresConnection connection_;
};

}  // namespace

std::unique_ptr<UserData> openPostgresUserData(const std::string& url) {
  return std::make_unique<PostgresUserData>(url);
}

}  // namespace attune::trainer
