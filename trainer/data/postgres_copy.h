#pragma once

#include <string>

#include "trainer/data/postgres.h"

namespace attune::trainer {

/// Rows on their way into a table by COPY, in binary. Until finish() the connection can do nothing
/// else; what was not finished is undone by PostgresConnection::rollback(). For one thread.
class PostgresCopy {
 public:
  /// Begins to fill `columns` columns of `table`, given as `name(column, ...)`.
  PostgresCopy(PostgresConnection& connection, const std::string& table, size_t columns);

  /// Begins a row; then add all of its columns to values().
  void beginRow();
  PostgresValues& values() { return values_; }
  void finish();

 private:
  PostgresConnection& connection_;
  int16_t columns_;
  PostgresValues values_;
};

}  // namespace attune::trainer
