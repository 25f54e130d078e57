#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/avro_schema.h"
#include "trainer/data/dataset.h"
#include "trainer/data/rows.h"

namespace attune::trainer {

/// Fills one Column row by row.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(const SchemaField& field);
  void add(const FieldValue& value);
  /// Adds nulls until there are `rows` rows, and hands the column out.
  Column finish(size_t rows);

 private:
  void addCategories(std::string_view text);

  Column column_;
  size_t rows_ = 0;
};

/// The column with its rows in another order: row i of the result is row order[i].
Column reordered(const Column& column, std::span<const uint32_t> order);

}  // namespace attune::trainer
