#include "trainer/data/sqlite_user_data.h"

#include <sqlite3.h>

#include "trainer/data/known_aliases.h"
#include "trainer/data/sqlite_events.h"
#include "trainer/data/sqlite_import.h"
#include "trainer/data/sqlite_layout.h"
#include "trainer/data/sqlite_store.h"

namespace attune::trainer {
namespace {

constexpr int kBusyMs = 5000;

class SqliteUserData final : public UserData {
 public:
  explicit SqliteUserData(const std::string& path) : database_(path, SqliteMode::write) {
    checkFormat(database_);
    database_.execute("PRAGMA synchronous=FULL");
    database_.execute("PRAGMA secure_delete=ON");  // what is free holds zeros
    database_.execute("PRAGMA temp_store=MEMORY");  // ids of users go into no other file
    setBusyTimeout(kBusyMs);
  }

  void visit(const std::string& userId, const UserVisitor& visitor) override {
    database_.execute("BEGIN");
    try {
      visitRows(DatasetType::users, userId, visitor.record);
      visitRows(DatasetType::interactions, userId, visitor.interaction);
      if (database_.hasTable("events")) {
        scanUserEvents(database_, userId, visitor.event);
        visitAliases(kSessionAlias, userId, visitor.session);
        visitAliases(kAnonymousAlias, userId, visitor.anonymous);
      }
    } catch (...) {
      database_.tryExecute("ROLLBACK");
      throw;
    }
    database_.execute("COMMIT");
  }

  DeletedData remove(std::span<const std::string> userIds) override {
    database_.execute("BEGIN IMMEDIATE");
    try {
      const DeletedData deleted = removeAll(userIds);
      database_.execute("COMMIT");
      return deleted;
    } catch (...) {
      database_.tryExecute("ROLLBACK");
      throw;
    }
  }

  bool eraseTraces(int waitSeconds) override {
    setBusyTimeout(1000 * waitSeconds);
    // Pages that were split keep bytes of rows that moved on, and no deletion reaches those: only
    // writing everything anew does. The log still has the old pages until it is cut to nothing.
    database_.execute("PRAGMA temp_store=DEFAULT");  // the copy on its way has living rows only
    const bool isWritten = database_.tryExecute("VACUUM");
    const int code = sqlite3_extended_errcode(database_.handle());
    database_.execute("PRAGMA temp_store=MEMORY");
    if (!isWritten && (code & 0xFF) != SQLITE_BUSY) database_.fail(code);
    // The first column says whether somebody's reading kept it from finishing.
    const bool isCut =
        isWritten && database_.queryInteger("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
    setBusyTimeout(kBusyMs);
    return isCut;
  }

  std::string keptElsewhere() override { return ""; }

 private:
  void setBusyTimeout(int milliseconds) {
    database_.execute("PRAGMA busy_timeout=" + std::to_string(milliseconds));
  }

  // Reading.

  void visitRows(DatasetType type, const std::string& userId,
                 const std::function<void(const AvroSchema&, std::span<const FieldValue>)>& take) {
    const std::optional<AvroSchema> schema = storedSchema(database_, type);
    const std::string table(datasetTypeName(type));
    if (!schema || !database_.hasTable(table)) return;
    std::string columns;
    for (size_t i = 0; i < schema->fields.size(); ++i)
      columns += (i == 0 ? "" : ",") + columnText(*schema, i);
    const std::string who = type == DatasetType::users
                                ? "=?"
                                : " IN (SELECT number FROM interaction_users WHERE text=?)";
    SqliteStatement select(database_, "SELECT " + columns + " FROM " + table +
                                          " WHERE \"USER_ID\"" + who + " ORDER BY \"$row\"");
    select.bindText(0, userId);
    std::vector<FieldValue> row(schema->fields.size());
    while (select.step()) {
      for (size_t i = 0; i < row.size(); ++i) row[i] = select.value(static_cast<int>(i));
      take(*schema, row);
    }
  }

  /// A column as SQL, names in place of their numbers.
  static std::string columnText(const AvroSchema& schema, size_t field) {
    const std::string column = "\"" + schema.fields[field].name + "\"";
    const int names = nameTableOf(schema, field);
    if (names < 0) return column;
    return "(SELECT text FROM " + std::string(kNameTables[static_cast<size_t>(names)]) +
           " WHERE number=" + column + ")";
  }

  void visitAliases(int64_t kind, const std::string& userId,
                    const std::function<void(std::string_view)>& take) {
    SqliteStatement select(database_,
                           "SELECT alias FROM event_identities WHERE kind=? AND user=? "
                           "ORDER BY alias");
    select.bindInteger(0, kind);
    select.bindText(1, userId);
    while (select.step()) take(select.text(0));
  }

  // Deleting. Who and what is to go stands in temporary tables, so that many users cost one look
  // at each table.

  DeletedData removeAll(std::span<const std::string> userIds) {
    temporary("deleted_users", "(id TEXT PRIMARY KEY) WITHOUT ROWID");
    temporary("found_users", "(id TEXT PRIMARY KEY) WITHOUT ROWID");
    SqliteStatement add(database_, "INSERT OR IGNORE INTO deleted_users VALUES(?)");
    for (const std::string& id : userIds) {
      add.bindText(0, id);
      add.run();
    }
    DeletedData deleted;
    if (database_.hasTable("events")) removeEvents(deleted);
    if (database_.hasTable("interactions")) removeInteractions(deleted);
    if (database_.hasTable("users")) {
      note("SELECT \"USER_ID\" FROM users WHERE \"USER_ID\" IN (SELECT id FROM deleted_users)");
      deleted.records =
          change("DELETE FROM users WHERE \"USER_ID\" IN (SELECT id FROM deleted_users)");
    }
    deleted.users = static_cast<uint64_t>(
        database_.queryInteger("SELECT count(*) FROM found_users"));
    if (deleted.users > 0) countDeletion();
    return deleted;
  }

  void removeEvents(DeletedData& deleted) {
    temporary("deleted_events", "(row INTEGER PRIMARY KEY, user TEXT, session TEXT, anonymous TEXT)");
    database_.execute("INSERT INTO deleted_events SELECT e.\"$row\"," + eventUser() +
                      ",e.session,e.anonymous" + eventsWithIdentities() + " WHERE " + eventUser() +
                      " IN (SELECT id FROM deleted_users)");
    note("SELECT user FROM deleted_events");
    note("SELECT user FROM event_identities WHERE user IN (SELECT id FROM deleted_users)");
    deleted.events =
        change("DELETE FROM events WHERE \"$row\" IN (SELECT row FROM deleted_events)");
    deleted.identities =
        change("DELETE FROM event_identities WHERE user IN (SELECT id FROM deleted_users)");
    // What two users were seen with says nothing of either, and goes once no event has it.
    for (const auto& [kind, column] :
         {std::pair{kSessionAlias, "session"}, std::pair{kAnonymousAlias, "anonymous"}})
      deleted.identities += change(
          "DELETE FROM event_identities WHERE kind=" + std::to_string(kind) + " AND alias IN "
          "(SELECT " + column + " FROM deleted_events) AND alias NOT IN (SELECT " + column +
          " FROM events WHERE " + column + " IS NOT NULL)");
  }

  void removeInteractions(DeletedData& deleted) {
    temporary("deleted_numbers", "(number INTEGER PRIMARY KEY)");
    database_.execute(
        "INSERT INTO deleted_numbers SELECT number FROM interaction_users WHERE text IN "
        "(SELECT id FROM deleted_users)");
    if (database_.changedRows() == 0) return;
    note("SELECT text FROM interaction_users WHERE number IN (SELECT number FROM deleted_numbers)");
    deleted.interactions = change(
        "DELETE FROM interactions WHERE \"USER_ID\" IN (SELECT number FROM deleted_numbers)");
    const std::optional<AvroSchema> schema = storedSchema(database_, DatasetType::interactions);
    for (size_t field = 0; schema && field < schema->fields.size(); ++field)
      if (const int names = nameTableOf(*schema, field); names >= 0)
        dropUnusedNames(std::string(kNameTables[static_cast<size_t>(names)]),
                        "\"" + schema->fields[field].name + "\"");
  }

  /// Drops names that no interaction has any more. Numbers stay without holes, as readers expect:
  /// the last names take the places that became free.
  void dropUnusedNames(const std::string& names, const std::string& column) {
    temporary("unused", "(number INTEGER PRIMARY KEY)");
    database_.execute("INSERT INTO unused SELECT number FROM " + names +
                      " WHERE number NOT IN (SELECT " + column + " FROM interactions WHERE " +
                      column + " IS NOT NULL)");
    database_.execute("DELETE FROM " + names + " WHERE number IN (SELECT number FROM unused)");
    const std::string count = "(SELECT count(*) FROM " + names + ")";
    temporary("moved", "(old INTEGER PRIMARY KEY, new INTEGER NOT NULL)");
    database_.execute(
        "INSERT INTO moved SELECT a.number,b.number FROM (SELECT number,row_number() OVER (ORDER "
        "BY number) AS place FROM " + names + " WHERE number>=" + count +
        ") a JOIN (SELECT number,row_number() OVER (ORDER BY number) AS place FROM unused WHERE "
        "number<" + count + ") b ON a.place=b.place");
    for (const auto& [table, number] : {std::pair{std::string("interactions"), column},
                                        std::pair{names, std::string("number")}})
      database_.execute("UPDATE " + table + " SET " + number + "=(SELECT new FROM moved WHERE old=" +
                        number + ") WHERE " + number + " IN (SELECT old FROM moved)");
  }

  /// For Store::deletions.
  void countDeletion() {
    database_.execute(
        "CREATE TABLE IF NOT EXISTS deletions(one INTEGER PRIMARY KEY, count INTEGER NOT NULL)");
    if (!database_.hasColumn("deletions", "mark"))  // which came later
      database_.execute("ALTER TABLE deletions ADD COLUMN mark TEXT");
    database_.execute(
        "INSERT INTO deletions VALUES(1,1,lower(hex(randomblob(8)))) ON CONFLICT(one) DO UPDATE "
        "SET count=count+1,mark=coalesce(mark,excluded.mark)");
  }

  void temporary(const std::string& name, const std::string& columns) {
    database_.execute("DROP TABLE IF EXISTS temp." + name);
    database_.execute("CREATE TEMP TABLE " + name + columns);
  }
  void note(const std::string& select) {
    database_.execute("INSERT OR IGNORE INTO found_users " + select);
  }
  uint64_t change(const std::string& sql) {
    database_.execute(sql);
    return static_cast<uint64_t>(database_.changedRows());
  }

  SqliteDatabase database_;
};

}  // namespace

std::unique_ptr<UserData> openSqliteUserData(const std::string& path) {
  openSqliteStore(path, StoreAccess::read);  // which makes none where there is none
  return std::make_unique<SqliteUserData>(path);
}

}  // namespace attune::trainer
