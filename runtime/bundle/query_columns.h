#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/base/memory.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/moment.h"

namespace attune {

/// Which of a model's query features one user or one request has: rows, ascending, each once.
class QueryRows {
 public:
  std::span<const uint32_t> rows() const { return rows_.span(); }
  void clear() { rows_.clear(); }
  Status insert(uint32_t row);
  /// Removes the rows from `first` to `first + count` - 1.
  void erase(uint32_t first, uint32_t count);

 private:
  Buffer<uint32_t> rows_;
};

/// A column of the users, or of the interactions (context), whose values a model knows. The column's
/// features are the rows from `firstRow` on: one a value (categorical), or one for each interval
/// between two edges (numbers: row i has the numbers from edge i - 1 to below edge i; a boolean is 0
/// or 1). Text has none.
struct QueryColumn {
  std::string_view name;
  QueryKind kind = QueryKind::User;
  ColumnType type = ColumnType::Text;
  StringsView values;  // ascending
  NumberView edges;    // ascending, finite
  uint32_t firstRow = 0;

  uint32_t rowCount() const;
  /// Whether the column is of users, or of requests. REQUIRES: User or Context
  bool isOf(QueryKind side) const { return (kind == QueryKind::User) == (side == QueryKind::User); }
};

/// All of them, and how a value becomes rows: the one place where training and serving turn
/// metadata and times into features. Borrows names and values. Immutable once filled, thread-safe.
class QueryColumns {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint32_t kMaxNameBytes = 1024;
  static constexpr uint32_t kMaxValueBytes = 65536;
  static constexpr uint32_t kMaxRows = uint32_t{1} << 20;

  /// The columns of a bundle; none where it has none. Errors: CorruptBundle, OutOfMemory.
  static Result<QueryColumns> open(const Bundle& bundle);

  /// Appends a column; its firstRow becomes the number of rows so far. Error: OutOfMemory.
  Status add(QueryColumn column);

  uint32_t size() const { return static_cast<uint32_t>(columns_.size()); }
  const QueryColumn& operator[](uint32_t column) const { return columns_[column]; }
  /// Rows of all columns together.
  uint32_t rowCount() const { return rowCount_; }
  bool has(QueryKind kind) const;
  /// The column of that name, else the one whose name differs in the case of ASCII letters alone,
  /// else kNone.
  uint32_t find(QueryKind kind, std::string_view name) const;

  /// The row of one value, or kNone, also for NaN. REQUIRES: the column is categorical, or of
  /// numbers
  uint32_t rowOf(uint32_t column, std::string_view value) const;
  uint32_t rowOf(uint32_t column, double number) const;

  /// Gives the user or the request the value that `text` writes, in place of what it had in that
  /// column: values of a categorical column joined by '|', a number, `true` or `false`; an empty
  /// text is no value. Returns whether the model knows something of it; what it does not know
  /// contributes nothing, and a bundle without columns of that kind takes every name. Errors:
  /// NotFound (name), InvalidArgument (text too long or not UTF-8), OutOfMemory.
  Result<bool> set(QueryKind kind, std::string_view name, std::string_view text,
                   QueryRows& rows) const;

  /// Gives a request the values that its moment has in automatic columns. REQUIRES: `rows` has none
  /// of theirs. Error: OutOfMemory.
  Status setAutomatic(const Moment& moment, QueryRows& rows) const;

 private:
  Buffer<QueryColumn> columns_;
  uint32_t rowCount_ = 0;
};

}  // namespace attune
