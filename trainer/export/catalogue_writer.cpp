#include "trainer/export/catalogue_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A numeric column in bundle order.
std::vector<double> reordered(const Column& column, const ItemOrder& order) {
  std::vector<double> numbers;
  for (const uint32_t item : order.toDataset) numbers.push_back(column.numbers[item]);
  return numbers;
}

/// Whether every number is null or whole and strictly between the limits.
bool allWhole(const std::vector<double>& numbers, double low, double high) {
  return std::all_of(numbers.begin(), numbers.end(), [&](double x) {
    return std::isnan(x) || (x > low && x < high && x == std::floor(x));
  });
}

template <typename T>
std::vector<T> stored(const std::vector<double>& numbers, double nullNumber) {
  std::vector<T> out;
  for (const double x : numbers) out.push_back(static_cast<T>(std::isnan(x) ? nullNumber : x));
  return out;
}

/// Stores numbers in the narrowest type that keeps each exactly; integers that do not fit in 32
/// bits become doubles, which are exact up to 2^53.
void writeNumbers(const Column& column, ColumnType type, const ItemOrder& order,
                  BundleBuilder& bundle) {
  const std::vector<double> numbers = reordered(column, order);
  const auto kind = SectionKind::ColumnNumbers;
  if (allWhole(numbers, -1, 255)) {
    bundle.add(kind, stored<uint8_t>(numbers, 255), bundle.addColumn(column.name, type, 255));
  } else if (allWhole(numbers, -1, 65535)) {
    bundle.add(kind, stored<uint16_t>(numbers, 65535), bundle.addColumn(column.name, type, 65535));
  } else if (const double null = std::numeric_limits<int32_t>::min();
             allWhole(numbers, null, 2147483648.0)) {
    bundle.add(kind, stored<int32_t>(numbers, null), bundle.addColumn(column.name, type, null));
  } else if (std::all_of(numbers.begin(), numbers.end(), [](double x) {
               return std::isnan(x) || static_cast<double>(static_cast<float>(x)) == x;
             })) {
    bundle.add(kind, stored<float>(numbers, kNaN), bundle.addColumn(column.name, type, kNaN));
  } else {
    bundle.add(kind, numbers, bundle.addColumn(column.name, type, kNaN));
  }
}

void writeCategories(const Column& column, const ItemOrder& order, BundleBuilder& bundle) {
  const ItemOrder values(column.values);  // the same sorting serves any string table
  std::vector<std::string> names;
  for (const uint32_t value : values.toDataset) names.push_back(column.values[value]);
  std::vector<uint32_t> lengths, codes;
  for (const uint32_t item : order.toDataset) {
    for (uint32_t i = column.offsets[item]; i < column.offsets[item + 1]; ++i)
      codes.push_back(values.toBundle[column.codes[i]]);
    lengths.push_back(column.offsets[item + 1] - column.offsets[item]);
    std::sort(codes.end() - lengths.back(), codes.end());
  }
  const uint32_t number = bundle.addColumn(column.name, ColumnType::Categorical, kNaN);
  bundle.addStrings(SectionKind::ColumnValueText, SectionKind::ColumnValueOffsets, names, number);
  bundle.addIndexes(SectionKind::ColumnCodes, codes, values.size(), number);
  bundle.addRows(kColumnCodeRows, lengths, number);
}

void writeTexts(const Column& column, const ItemOrder& order, BundleBuilder& bundle) {
  std::vector<std::string> texts;
  for (const uint32_t item : order.toDataset) texts.push_back(column.texts[item]);
  const uint32_t number = bundle.addColumn(column.name, ColumnType::Text, kNaN);
  bundle.addStrings(SectionKind::ColumnText, SectionKind::ColumnTextOffsets, texts, number);
}

void writeColumn(const Column& column, const ItemOrder& order, BundleBuilder& bundle) {
  switch (column.kind) {
    case ColumnKind::categorical: return writeCategories(column, order, bundle);
    case ColumnKind::integer: return writeNumbers(column, ColumnType::Integer, order, bundle);
    case ColumnKind::real: return writeNumbers(column, ColumnType::Real, order, bundle);
    case ColumnKind::boolean: return writeNumbers(column, ColumnType::Boolean, order, bundle);
    case ColumnKind::text:
    case ColumnKind::textual: return writeTexts(column, order, bundle);
  }
}

bool isText(const Column& column) {
  return column.kind == ColumnKind::text || column.kind == ColumnKind::textual;
}

void checkTextNames(const Dataset& data, const std::set<std::string>& names) {
  std::string known;
  for (const Column& column : data.itemColumns)
    if (isText(column)) known += (known.empty() ? "" : ", ") + column.name;
  for (const std::string& name : names)
    if (std::none_of(data.itemColumns.begin(), data.itemColumns.end(),
                     [&](const Column& column) { return column.name == name && isText(column); }))
      throw UserError("--include-text: the Items dataset has no text column " + name +
                      (known.empty() ? "" : "; it has " + known));
}

}  // namespace

void writeCatalogue(const Dataset& data, const ItemOrder& order,
                    const std::set<std::string>& includeText, BundleBuilder& bundle) {
  checkTextNames(data, includeText);
  std::vector<std::string> ids;
  for (const uint32_t item : order.toDataset) ids.push_back(data.items[item]);
  bundle.addStrings(SectionKind::ItemIdText, kItemIdRows, ids);
  for (const Column& column : data.itemColumns)
    if (!isText(column) || includeText.count(column.name) > 0) writeColumn(column, order, bundle);
}

}  // namespace attune::trainer
