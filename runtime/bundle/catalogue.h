#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/memory.h"
#include "runtime/bundle/bundle.h"

namespace attune {

/// One metadata column of the items. Which view is filled depends on `type`: codes, codeRows and
/// values for Categorical; numbers for Integer, Real and Boolean; texts for Text.
struct CatalogueColumn {
  std::string_view name;
  ColumnType type = ColumnType::Text;
  RowsView codeRows;  // (items)
  IndexView codes;    // indexes into values
  StringsView values;
  NumberView numbers;  // (items)
  double nullNumber = 0;
  StringsView texts;  // (items); empty is null

  /// Whether the item has no value here.
  bool isNull(uint32_t item) const;
  /// The codes of an item's values. REQUIRES: type is Categorical
  IndexView codesOf(uint32_t item) const {
    const auto [begin, end] = codeRows[item];
    return codes.slice(begin, end);
  }
};

/// The items' metadata. Borrows the bundle's bytes; immutable, thread-safe.
class Catalogue {
 public:
  static constexpr uint32_t kNoColumn = ~uint32_t{0};

  static Result<Catalogue> open(const Bundle& bundle);
  /// Appends a column. Error: OutOfMemory. REQUIRES: its views fit the items and each other
  Status add(const CatalogueColumn& column) { return columns_.push(column); }

  uint32_t columnCount() const { return static_cast<uint32_t>(columns_.size()); }
  /// REQUIRES: column < columnCount()
  const CatalogueColumn& column(uint32_t column) const { return columns_[column]; }
  /// The number of the column of that name, or kNoColumn.
  uint32_t find(std::string_view name) const;
  /// An item's text in a Categorical (values joined by '|') or Text column, appended to `out`.
  Status appendText(uint32_t item, uint32_t column, Buffer<char>& out) const;

 private:
  Buffer<CatalogueColumn> columns_;
};

}  // namespace attune
