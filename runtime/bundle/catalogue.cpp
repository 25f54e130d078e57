#include "runtime/bundle/catalogue.h"

#include <cmath>

#include "runtime/bundle/section_checks.h"

namespace attune {
namespace {

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

/// Counts a section's strings without trusting it: one less than its offsets.
Result<size_t> stringCount(const Bundle& bundle, SectionKind offsets, uint32_t column) {
  const auto raw = bundle.bytes(offsets, column);
  ATTUNE_TRY(raw);
  if (raw.value().size() < 4) return corrupt("a column has no offsets");
  return raw.value().size() / 4 - 1;
}

Status openCategorical(const Bundle& bundle, uint32_t index, CatalogueColumn& column) {
  const auto count = stringCount(bundle, SectionKind::ColumnValueOffsets, index);
  ATTUNE_TRY(count);
  const auto values =
      bundle.strings(SectionKind::ColumnValueText, {SectionKind::ColumnValueOffsets}, count.value(),
                     {.allowEmpty = false, .ascending = true}, index);
  ATTUNE_TRY(values);
  const auto codes = bundle.indexes(SectionKind::ColumnCodes, values.value().size(), index);
  ATTUNE_TRY(codes);
  const auto rows = bundle.rows(kColumnCodeRows, bundle.itemCount(), codes.value().size(), index);
  ATTUNE_TRY(rows);
  column.values = values.value();
  column.codes = codes.value();
  column.codeRows = rows.value();
  return {};
}

Status openNumbers(const Bundle& bundle, uint32_t index, CatalogueColumn& column) {
  const auto numbers = bundle.numbers(SectionKind::ColumnNumbers, bundle.itemCount(), index);
  ATTUNE_TRY(numbers);
  column.numbers = numbers.value();
  const bool floats = column.numbers.type() >= NumberView::Type::f32;
  if (!floats && !(column.nullNumber >= -2147483648.0 && column.nullNumber <= 2147483647.0))
    return corrupt("the null of a column of whole numbers is none");
  return {};
}

Status openText(const Bundle& bundle, uint32_t index, CatalogueColumn& column) {
  const auto texts = bundle.strings(SectionKind::ColumnText, {SectionKind::ColumnTextOffsets},
                                    bundle.itemCount(), {}, index);
  ATTUNE_TRY(texts);
  column.texts = texts.value();
  return {};
}

Status openColumn(const Bundle& bundle, uint32_t index, CatalogueColumn& column) {
  switch (column.type) {
    case ColumnType::Categorical: return openCategorical(bundle, index, column);
    case ColumnType::Integer:
    case ColumnType::Real:
    case ColumnType::Boolean: return openNumbers(bundle, index, column);
    case ColumnType::Text: return openText(bundle, index, column);
  }
  return corrupt("a column has an unknown type");
}

}  // namespace

bool CatalogueColumn::isNull(uint32_t item) const {
  if (type == ColumnType::Categorical) return codesOf(item).size() == 0;
  if (type == ColumnType::Text) return texts[item].empty();
  return std::isnan(numbers[item]) || numbers[item] == nullNumber;
}

Result<Catalogue> Catalogue::open(const Bundle& bundle) {
  Catalogue catalogue;
  const auto* columns = bundle.header().columns();
  const uint32_t count = columns == nullptr ? 0 : columns->size();
  ATTUNE_TRY(catalogue.columns_.reserve(count));
  for (uint32_t i = 0; i < count; ++i) {
    const auto name = bundle.name(columns->Get(i)->name_offset(), columns->Get(i)->name_length());
    ATTUNE_TRY(name);
    if (catalogue.find(name.value()) != kNoColumn)
      return corrupt("two columns have one name");
    CatalogueColumn column;
    column.name = name.value();
    column.type = columns->Get(i)->type();
    column.nullNumber = columns->Get(i)->null_number();
    ATTUNE_TRY(openColumn(bundle, i, column));
    ATTUNE_TRY(catalogue.columns_.push(column));
  }
  return catalogue;
}

uint32_t Catalogue::find(std::string_view name) const {
  for (uint32_t i = 0; i < columnCount(); ++i)
    if (columns_[i].name == name) return i;
  return kNoColumn;
}

Status Catalogue::appendText(uint32_t item, uint32_t index, Buffer<char>& out) const {
  const CatalogueColumn& column = columns_[index];
  if (column.type == ColumnType::Text) return out.append(column.texts[item]);
  const IndexView codes = column.codesOf(item);
  for (size_t i = 0; i < codes.size(); ++i) {
    if (i > 0) ATTUNE_TRY(out.push('|'));
    ATTUNE_TRY(out.append(column.values[codes[i]]));
  }
  return {};
}

}  // namespace attune
