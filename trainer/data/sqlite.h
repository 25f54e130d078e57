#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "trainer/data/rows.h"

struct sqlite3;
struct sqlite3_stmt;

namespace attune::trainer {

enum class SqliteMode { read, readImmutable, write };

/// An open SQLite database. Every failure is a UserError that names the store and says what to do.
class SqliteDatabase {
 public:
  SqliteDatabase(std::string path, SqliteMode mode);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  void execute(const std::string& sql);
  /// Like execute(), for what may fail without harm, such as a checkpoint.
  bool tryExecute(const std::string& sql);
  /// The first column of the first row; 0 when there is none.
  int64_t queryInteger(const std::string& sql);
  int64_t lastInsertRow() const;
  /// How many rows the last statement changed.
  int64_t changedRows() const;
  bool hasTable(const std::string& name);
  bool hasColumn(const std::string& table, const std::string& column);
  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_; }
  /// Throws the UserError for SQLite's result code `code`.
  [[noreturn]] void fail(int code) const;

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

/// A prepared statement. Columns and parameters count from 0.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, const std::string& sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  /// Bound text must live until reset().
  void bind(int parameter, const FieldValue& value);
  void bindInteger(int parameter, int64_t value);
  void bindText(int parameter, std::string_view value);
  void bindBytes(int parameter, std::span<const uint8_t> value);
  /// True when a row is there to be read.
  bool step();
  void reset();
  /// Runs a statement that returns no rows, and makes it ready for the next.
  void run();

  /// Text is valid until the next step().
  FieldValue value(int column) const;
  int64_t integer(int column) const;
  std::string_view text(int column) const;
  /// Valid until the next step(), as text is.
  std::span<const uint8_t> bytes(int column) const;

 private:
  void check(int code) const;

  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace attune::trainer
