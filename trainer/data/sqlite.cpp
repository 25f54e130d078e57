#include "trainer/data/sqlite.h"

#include <sqlite3.h>

#include <cerrno>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

constexpr int kBusyTimeoutMs = 250;

/// The path as a URI, for the one flag that only URIs can carry.
std::string immutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%')
      uri += "%25";
    else if (c == '?')
      uri += "%3f";
    else if (c == '#')
      uri += "%23";
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

int openFlags(SqliteMode mode) {
  constexpr int kCommon = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case SqliteMode::read:
      return kCommon | SQLITE_OPEN_READWRITE;  // SQLite falls back to reading only
    case SqliteMode::readImmutable:
      return kCommon | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    case SqliteMode::write:
      return kCommon | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return kCommon;
}

bool isDiskFull(int code, int systemCode) {
  if ((code & 0xFF) == SQLITE_FULL) return true;
  // Quotas and limits of file size come as a failed write, often without the system's code.
  if (code == SQLITE_IOERR_WRITE && systemCode == 0) return true;
  return (code & 0xFF) == SQLITE_IOERR &&
         (systemCode == ENOSPC || systemCode == EDQUOT || systemCode == EFBIG);
}

}  // namespace

SqliteDatabase::SqliteDatabase(std::string path, SqliteMode mode) : path_(std::move(path)) {
  // A leading ':' would name a database in memory.
  const std::string plain = path_.starts_with(':') ? "./" + path_ : path_;
  const std::string name = mode == SqliteMode::readImmutable ? immutableUri(plain) : plain;
  const int code = sqlite3_open_v2(name.c_str(), &handle_, openFlags(mode), nullptr);
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
    return;
  }
  try {
    fail(code);
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(handle_); }

void SqliteDatabase::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

bool SqliteDatabase::tryExecute(const std::string& sql) {
  return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

int64_t SqliteDatabase::queryInteger(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

int64_t SqliteDatabase::lastInsertRow() const { return sqlite3_last_insert_rowid(handle_); }

int64_t SqliteDatabase::changedRows() const { return sqlite3_changes64(handle_); }

bool SqliteDatabase::hasTable(const std::string& name) {
  SqliteStatement statement(*this, "SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?");
  statement.bindText(0, name);
  return statement.step();
}

bool SqliteDatabase::hasColumn(const std::string& table, const std::string& column) {
  SqliteStatement statement(*this, "SELECT 1 FROM pragma_table_info(?) WHERE name=?");
  statement.bindText(0, table);
  statement.bindText(1, column);
  return statement.step();
}

void SqliteDatabase::fail(int code) const {
  const int systemCode = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  const std::string system = systemCode == 0 ? "" : ": " + systemErrorText(systemCode);
  if (isDiskFull(code, systemCode))
    throw UserError(
        "the disk is full (or a quota or file-size limit is reached) while writing store " + path_ +
        ": free some space and repeat; the data stored before is unchanged");
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw UserError("store " + path_ +
                      " is being written by another process: wait until it is done, or give "
                      "another --store");
    case SQLITE_NOTADB:
      throw UserError(path_ + " is not an Attune store: give --store another path");
    case SQLITE_CORRUPT:
      throw UserError("store " + path_ + " is damaged (" + sqlite3_errmsg(handle_) +
                      "): import the data again into a new store");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw UserError("store " + path_ + " cannot be written: the file or its folder is read-only");
    case SQLITE_CANTOPEN:
      throw UserError("cannot open store " + path_ + system +
                      ": check that its folder exists and may be written");
    default:
      throw UserError("store " + path_ + ": " +
                      (handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_)) +
                      system);
  }
}

SqliteStatement::SqliteStatement(SqliteDatabase& database, const std::string& sql)
    : database_(database) {
  check(sqlite3_prepare_v3(database.handle(), sql.c_str(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

void SqliteStatement::bind(int parameter, const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::null:
      return check(sqlite3_bind_null(statement_, parameter + 1));
    case FieldValue::Kind::integer:
      return bindInteger(parameter, value.integer);
    case FieldValue::Kind::real:
      return check(sqlite3_bind_double(statement_, parameter + 1, value.real));
    case FieldValue::Kind::text:
      return bindText(parameter, value.text);
  }
}

void SqliteStatement::bindInteger(int parameter, int64_t value) {
  check(sqlite3_bind_int64(statement_, parameter + 1, value));
}

void SqliteStatement::bindText(int parameter, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();  // a null pointer would bind NULL
  check(sqlite3_bind_text64(statement_, parameter + 1, data, value.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}

void SqliteStatement::bindBytes(int parameter, std::span<const uint8_t> value) {
  check(sqlite3_bind_blob64(statement_, parameter + 1, value.data(), value.size(), SQLITE_STATIC));
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

void SqliteStatement::reset() { sqlite3_reset(statement_); }

void SqliteStatement::run() {
  const int code = sqlite3_step(statement_);
  sqlite3_reset(statement_);  // also after a failure, so that it can be bound anew
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_.fail(code);
}

FieldValue SqliteStatement::value(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return FieldValue::ofInteger(integer(column));
    case SQLITE_FLOAT:
      return FieldValue::ofReal(sqlite3_column_double(statement_, column));
    case SQLITE_TEXT:
      return FieldValue::ofText(text(column));
    default:
      return FieldValue();
  }
}

int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view SqliteStatement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const uint8_t> SqliteStatement::bytes(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace attune::trainer
