#include "trainer/data/postgres_layout.h"

#include <array>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr int32_t kLockClass = 0x4174746E;  // "Attn"
constexpr int kRowsAtOnce = 5000;

constexpr std::array kLayout{
    "CREATE TABLE attune.store(one boolean PRIMARY KEY DEFAULT true CHECK (one),"
    "format integer NOT NULL,facts bigint NOT NULL)",
    "CREATE TABLE attune.datasets(type text PRIMARY KEY,schema text NOT NULL,"
    "rows_table text NOT NULL)",
    "CREATE SEQUENCE attune.rows_tables",
    "CREATE SEQUENCE attune.event_rows",
    "CREATE TABLE attune.events(\"row\" bigint PRIMARY KEY,key uuid NOT NULL UNIQUE,"
    "received_ms bigint NOT NULL,time_ms bigint NOT NULL,tracker text NOT NULL,"
    "session_id text COLLATE \"C\" NOT NULL,user_id text COLLATE \"C\","
    "anonymous_id text COLLATE \"C\",event_type text NOT NULL,item_id text COLLATE \"C\","
    "event_value double precision,properties text,impression text,recommendation_id text,"
    "attribution_source text)",
    "CREATE TABLE attune.event_identities(kind smallint,alias text COLLATE \"C\","
    "user_id text COLLATE \"C\",PRIMARY KEY(kind,alias))",
    "CREATE TABLE attune.event_trackers(\"row\" bigint GENERATED ALWAYS AS IDENTITY,"
    "key_sha256 bytea PRIMARY KEY,name text NOT NULL,origins text NOT NULL)",
    "CREATE TABLE attune.event_log_check(one integer PRIMARY KEY,at bigint NOT NULL)",
};

/// What came later than the first stores; the last statement's table tells that all is there.
constexpr std::array kOrigins{
    "ALTER TABLE attune.events ADD COLUMN source text,"
    "ADD COLUMN verified boolean NOT NULL DEFAULT false",
    "ALTER TABLE attune.event_trackers ADD COLUMN verify_secret text NOT NULL DEFAULT '',"
    "ADD COLUMN trusted boolean NOT NULL DEFAULT false",
    "CREATE TABLE attune.erasure_probe(one integer)",
    "CREATE TABLE attune.deletions(one boolean PRIMARY KEY DEFAULT true CHECK (one),"
    "count bigint NOT NULL,mark text NOT NULL)",
};

/// The parameters that make `lock` the argument of the functions of advisory locks.
PostgresParameters lockParameters(PostgresLock lock) {
  PostgresParameters parameters;
  parameters.addInteger(PostgresType::int32, kLockClass);
  parameters.addInteger(PostgresType::int32, static_cast<int32_t>(lock));
  return parameters;
}

bool hasTable(PostgresConnection& connection, const std::string& table) {
  // Not to_regclass(): it may remember what was so before a lock was waited for.
  return connection.queryInteger(
             "SELECT EXISTS(SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
             "n.oid=c.relnamespace WHERE n.nspname='attune' AND c.relname='" + table + "')") != 0;
}

bool hasLayout(PostgresConnection& connection) { return hasTable(connection, "store"); }

void makeTables(PostgresConnection& connection) {
  // Who may not make schemas can still be given an empty one by the database's owner.
  if (connection.queryInteger(
          "SELECT EXISTS(SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname='attune')") == 0)
    connection.run("CREATE SCHEMA attune");
  for (const char* statement : kLayout) connection.run(statement);
  PostgresParameters format;
  format.addInteger(PostgresType::int32, kPostgresFormat);
  connection.run("INSERT INTO attune.store(format,facts) VALUES($1::integer,1)", format);
}

void checkFormat(PostgresConnection& connection) {
  const int64_t format = connection.queryInteger("SELECT format FROM attune.store");
  if (format > kPostgresFormat)
    throw UserError("store " + connection.name() + " was written by a newer Attune (format " +
                    std::to_string(format) + "; this one knows up to " +
                    std::to_string(kPostgresFormat) + "): update Attune");
}

}  // namespace

void requireLayout(PostgresConnection& connection) {
  if (!hasLayout(connection))
    throw UserError("no store at " + connection.name() +
                    ": create it with attune import, or give --store");
  checkFormat(connection);
}

void createLayout(PostgresConnection& connection) {
  if (!hasOrigins(connection)) {
    connection.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    try {
      takeLock(connection, PostgresLock::layout);
      if (!hasLayout(connection))
        makeTables(connection);
      else
        checkFormat(connection);
      if (!hasOrigins(connection))
        for (const char* statement : kOrigins) connection.run(statement);
      connection.run("COMMIT");
    } catch (...) {
      connection.rollback();
      throw;
    }
  }
  checkFormat(connection);
}

bool hasOrigins(PostgresConnection& connection) { return hasTable(connection, "deletions"); }

void requireDurability(PostgresConnection& connection) {
  const PostgresRows settings =
      connection.run("SELECT current_setting('fsync'),current_setting('synchronous_commit')");
  if (settings.text(0, 0) != "on")
    throw UserError("store " + connection.name() +
                    ": the server runs with fsync=off, so that a power cut loses what was "
                    "acknowledged: set fsync=on in its postgresql.conf");
  if (settings.text(0, 1) == "off") connection.run("SET synchronous_commit=on");
}

PostgresLock lockOf(DatasetType type) {
  switch (type) {
    case DatasetType::interactions:
      return PostgresLock::interactions;
    case DatasetType::items:
      return PostgresLock::items;
    case DatasetType::users:
      return PostgresLock::users;
  }
  return PostgresLock::interactions;
}

bool tryLock(PostgresConnection& connection, PostgresLock lock) {
  return connection.queryInteger("SELECT pg_try_advisory_xact_lock($1,$2)", lockParameters(lock)) !=
         0;
}

bool tryShare(PostgresConnection& connection, PostgresLock lock) {
  return connection.queryInteger("SELECT pg_try_advisory_xact_lock_shared($1,$2)",
                                 lockParameters(lock)) != 0;
}

void requireNoImport(PostgresConnection& connection) {
  if (!tryLock(connection, PostgresLock::import))
    throw UserError("store " + connection.name() +
                    " is being written by another process: wait until it is done, or give "
                    "another --store");
}

void takeLock(PostgresConnection& connection, PostgresLock lock) {
  connection.run("SELECT pg_advisory_xact_lock($1,$2)", lockParameters(lock));
}

std::optional<StoredDataset> storedDataset(PostgresConnection& connection, DatasetType type) {
  PostgresParameters parameters;
  parameters.addText(datasetTypeName(type));
  const PostgresRows rows =
      connection.run("SELECT schema,rows_table FROM attune.datasets WHERE type=$1", parameters);
  if (rows.count() == 0) return std::nullopt;
  return StoredDataset{
      parseAvroSchema(rows.text(0, 0), type, "store " + connection.name()),
      "attune." + std::string(rows.text(0, 1)),
  };
}

std::string createRowsTable(PostgresConnection& connection, const AvroSchema& schema) {
  const bool hasId = schema.type != DatasetType::interactions;
  const std::string name =
      "attune." + std::string(datasetTypeName(schema.type)) + "_" +
      std::to_string(connection.queryInteger("SELECT nextval('attune.rows_tables')"));
  std::string sql = "CREATE TABLE " + name + "(\"row\" bigint NOT NULL";
  if (hasId) sql += " PRIMARY KEY,\"source\" smallint NOT NULL";
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const PostgresType type = postgresType(schema.fields[i].type);
    sql += "," + fieldColumn(i) + " " + std::string(postgresTypeName(type));
    if (type == PostgresType::text) sql += " COLLATE \"C\"";
  }
  if (hasId) sql += ",UNIQUE(" + idColumn(schema) + ")";
  connection.run(sql + ")");
  return name;
}

bool dropOldTables(PostgresConnection& connection) noexcept {
  bool isDone = false;
  try {
    connection.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    connection.run("SET LOCAL lock_timeout='100ms'");
    if (tryLock(connection, PostgresLock::import)) {
      const PostgresRows old = connection.run(
          "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace "
          "WHERE n.nspname='attune' AND c.relkind='r' AND "
          "c.relname ~ '^(interactions|items|users)_[0-9]+$' AND "
          "NOT EXISTS(SELECT 1 FROM attune.datasets d WHERE d.rows_table=c.relname::text)");
      isDone = true;
      for (int i = 0; i < old.count(); ++i) {
        connection.run("SAVEPOINT one");
        if (connection.tryRun("DROP TABLE attune." + std::string(old.text(i, 0)))) continue;
        connection.run("ROLLBACK TO one");  // it is being read: the next import tries again
        isDone = false;
      }
    }
    connection.run("COMMIT");
    return isDone;
  } catch (...) {
    connection.rollback();  // the data is safe; this was tidying only
    return false;
  }
}

std::string fieldColumn(size_t field) { return "f" + std::to_string(field); }

std::string fieldColumns(const AvroSchema& schema, const std::string& prefix) {
  std::string list;
  for (size_t i = 0; i < schema.fields.size(); ++i)
    list += (i == 0 ? "" : ",") + prefix + fieldColumn(i);
  return list;
}

std::string idColumn(const AvroSchema& schema) {
  return fieldColumn(*schema.find(schema.type == DatasetType::items ? "ITEM_ID" : "USER_ID"));
}

void forEachRow(PostgresConnection& connection, const std::string& select,
                const std::function<void(const PostgresRows&, int row)>& visit,
                const PostgresParameters& parameters) {
  connection.run("DECLARE scan NO SCROLL CURSOR FOR " + select, parameters);
  const std::string fetch = "FETCH " + std::to_string(kRowsAtOnce) + " FROM scan";
  while (true) {
    const PostgresRows rows = connection.run(fetch);
    for (int i = 0; i < rows.count(); ++i) visit(rows, i);
    if (rows.count() < kRowsAtOnce) break;
  }
  connection.run("CLOSE scan");
}

}  // namespace attune::trainer
