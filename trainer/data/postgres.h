#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "trainer/data/postgres_values.h"

struct pg_conn;
struct pg_result;

namespace attune::trainer {

/// How long the server may take. Over that it gives up by itself; a server that does not even do
/// this is given up a little later, so nothing waits for ever.
struct PostgresPatience {
  std::chrono::milliseconds statement;  ///< for one statement
  std::chrono::milliseconds lock;       ///< for what others hold
  std::chrono::milliseconds idle;       ///< between statements of a transaction; 0: any time
};
inline constexpr PostgresPatience kCollectorPatience{
    std::chrono::seconds(10), std::chrono::seconds(2), std::chrono::seconds(30)};
inline constexpr PostgresPatience kBatchPatience{std::chrono::hours(2), std::chrono::seconds(10),
                                                 std::chrono::milliseconds(0)};

/// The rows a statement returned. Columns and rows count from 0.
class PostgresRows {
 public:
  explicit PostgresRows(pg_result* result) : result_(result) {}
  ~PostgresRows();
  PostgresRows(PostgresRows&& other) noexcept : result_(std::exchange(other.result_, nullptr)) {}
  PostgresRows& operator=(PostgresRows&&) = delete;

  int count() const;
  bool isNull(int row, int column) const;
  /// bigint, integer, smallint, boolean.
  int64_t integer(int row, int column) const;
  double real(int row, int column) const;
  /// Text, bytea and uuid; empty for null. Valid as long as the rows are.
  std::string_view text(int row, int column) const;
  /// By the column's type.
  FieldValue value(int row, int column) const;

 private:
  pg_result* result_;
};

/// A connection to a PostgreSQL database. Every failure is a UserError of one line that names the
/// database without its password and says what to do. After a lost connection every call fails;
/// open a new one. For one thread at a time.
class PostgresConnection {
 public:
  /// Throws UserError: the server cannot be reached, lets nobody in, is too old, is not in UTF-8.
  PostgresConnection(const std::string& url, const PostgresPatience& patience);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  /// Runs one statement.
  PostgresRows run(const std::string& sql, const PostgresParameters& parameters = {});
  /// The first column of the first row; 0 when there is none, or when it is null.
  int64_t queryInteger(const std::string& sql, const PostgresParameters& parameters = {});
  /// Like run(), for what may fail without harm.
  bool tryRun(const std::string& sql) noexcept;
  /// Like run(), but false when others hold what it needs for longer than the lock timeout.
  bool runUnlessBusy(const std::string& sql);
  /// Undoes the transaction, also in the middle of a COPY. Does nothing when there is none.
  void rollback() noexcept;

  /// Begins a COPY FROM STDIN statement; then copy() any number of times, then endCopy().
  void beginCopy(const std::string& sql);
  void copy(std::string_view bytes);
  void endCopy();

  /// How messages name the database: its URL without the password.
  const std::string& name() const { return name_; }

 private:
  enum class Wait { flushed, answered };

  void connect(const std::string& url);
  void setUp();
  void send(const std::string& sql, const PostgresParameters& parameters);
  void wait(Wait until);
  pg_result* nextResult();
  PostgresRows finish();
  [[noreturn]] void failConnect() const;
  [[noreturn]] void failLost();
  [[noreturn]] void fail(const pg_result* result);

  std::string name_;
  PostgresPatience patience_;
  pg_conn* handle_ = nullptr;
  bool isLost_ = false;
  bool isBusy_ = false;  // others held a lock when the last statement failed
  bool isCopying_ = false;
};

}  // namespace attune::trainer
