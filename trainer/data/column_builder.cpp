#include "trainer/data/column_builder.h"

#include <algorithm>
#include <limits>

namespace attune::trainer {
namespace {

ColumnKind kindOf(const SchemaField& field) {
  if (field.textual) return ColumnKind::textual;
  if (field.categorical) return ColumnKind::categorical;
  switch (field.type) {
    case FieldType::string:
      return ColumnKind::text;
    case FieldType::int_:
    case FieldType::long_:
      return ColumnKind::integer;
    case FieldType::float_:
    case FieldType::double_:
      return ColumnKind::real;
    case FieldType::boolean:
      return ColumnKind::boolean;
  }
  return ColumnKind::text;
}

double numberOf(const FieldValue& value) {
  if (value.kind == FieldValue::Kind::integer) return static_cast<double>(value.integer);
  if (value.kind == FieldValue::Kind::real) return value.real;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

ColumnBuilder::ColumnBuilder(const SchemaField& field) {
  column_.name = field.name;
  column_.kind = kindOf(field);
  column_.itemName = field.itemName;
  if (column_.kind == ColumnKind::categorical) column_.offsets.push_back(0);
}

void ColumnBuilder::add(const FieldValue& value) {
  ++rows_;
  switch (column_.kind) {
    case ColumnKind::categorical:
      addCategories(value.text);
      column_.offsets.push_back(static_cast<uint32_t>(column_.codes.size()));
      break;
    case ColumnKind::text:
    case ColumnKind::textual:
      column_.texts.emplace_back(value.text);
      break;
    default:
      column_.numbers.push_back(numberOf(value));
  }
}

/// `a|b`: each value once, in the order given; nothing between two bars is no value.
void ColumnBuilder::addCategories(std::string_view text) {
  const auto rowBegin = static_cast<std::ptrdiff_t>(column_.codes.size());
  while (!text.empty()) {
    const size_t bar = std::min(text.find('|'), text.size());
    if (bar > 0) {
      const uint32_t code = column_.values.add(text.substr(0, bar));
      const auto begin = column_.codes.begin() + rowBegin;
      if (std::find(begin, column_.codes.end(), code) == column_.codes.end())
        column_.codes.push_back(code);
    }
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
}

Column ColumnBuilder::finish(size_t rows) {
  while (rows_ < rows) add(FieldValue());
  return std::move(column_);
}

Column reordered(const Column& column, std::span<const uint32_t> order) {
  Column result;
  result.name = column.name;
  result.kind = column.kind;
  result.itemName = column.itemName;
  result.values = column.values;
  if (column.kind == ColumnKind::categorical) result.offsets.push_back(0);
  for (const uint32_t row : order) {
    if (!column.numbers.empty()) result.numbers.push_back(column.numbers[row]);
    if (!column.texts.empty()) result.texts.push_back(column.texts[row]);
    if (column.offsets.empty()) continue;
    const auto begin = column.codes.begin();
    result.codes.insert(result.codes.end(), begin + column.offsets[row],
                        begin + column.offsets[row + 1]);
    result.offsets.push_back(static_cast<uint32_t>(result.codes.size()));
  }
  return result;
}

}  // namespace attune::trainer
