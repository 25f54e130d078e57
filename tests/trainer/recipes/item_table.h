#pragma once

#include <string>
#include <vector>

#include "trainer/data/dataset.h"

// Item metadata made by hand.

namespace attune::trainer {

inline Column categoricalColumn(const std::vector<std::vector<std::string>>& rows) {
  Column column;
  column.name = "CATEGORY";
  column.kind = ColumnKind::categorical;
  column.offsets.push_back(0);
  for (const auto& row : rows) {
    for (const std::string& value : row) column.codes.push_back(column.values.add(value));
    column.offsets.push_back(static_cast<uint32_t>(column.codes.size()));
  }
  return column;
}

inline Column numericColumn(std::vector<double> numbers, ColumnKind kind = ColumnKind::real) {
  Column column;
  column.name = "PRICE";
  column.kind = kind;
  column.numbers = std::move(numbers);
  return column;
}

inline Column textColumn(std::vector<std::string> texts, ColumnKind kind = ColumnKind::textual) {
  Column column;
  column.name = "DESCRIPTION";
  column.kind = kind;
  column.texts = std::move(texts);
  return column;
}

}  // namespace attune::trainer
