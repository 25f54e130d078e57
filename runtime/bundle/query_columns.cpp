#include "runtime/bundle/query_columns.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/number.h"
#include "runtime/base/utf8.h"

namespace attune {
namespace {

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

bool hasEdges(ColumnType type) {
  return type == ColumnType::Integer || type == ColumnType::Real || type == ColumnType::Boolean;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool sameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

Status readValues(const Bundle& bundle, uint32_t index, QueryColumn& column) {
  const auto raw = bundle.bytes(SectionKind::QueryValueOffsets, index);
  ATTUNE_TRY(raw);
  if (raw.value().size() < 4) return corrupt("a query column has no offsets");
  const auto values = bundle.strings(SectionKind::QueryValueText, {SectionKind::QueryValueOffsets},
                                     raw.value().size() / 4 - 1,
                                     {.allowEmpty = false, .ascending = true}, index);
  ATTUNE_TRY(values);
  column.values = values.value();
  return {};
}

Status readEdges(const Bundle& bundle, uint32_t index, QueryColumn& column) {
  const auto raw = bundle.bytes(SectionKind::QueryEdges, index);
  ATTUNE_TRY(raw);
  const auto edges = bundle.numbers(SectionKind::QueryEdges, raw.value().size() / 8, index);
  ATTUNE_TRY(edges);
  column.edges = edges.value();
  for (size_t i = 0; i < column.edges.size(); ++i)
    if (std::isnan(column.edges[i]) || (i > 0 && !(column.edges[i - 1] < column.edges[i])))
      return corrupt("the edges of a query column are out of order");
  return {};
}

Result<QueryColumn> readColumn(const Bundle& bundle, uint32_t index) {
  const schema::QueryColumn& stored = *bundle.header().query_columns()->Get(index);
  const auto name = bundle.name(stored.name_offset(), stored.name_length());
  ATTUNE_TRY(name);
  QueryColumn column;
  column.name = name.value();
  column.kind = stored.kind();
  column.type = stored.type();
  if (column.kind > QueryKind::MAX) return corrupt("a query column is of an unknown kind");
  if (hasEdges(column.type))
    ATTUNE_TRY(readEdges(bundle, index, column));
  else if (column.type > ColumnType::MAX || isAutomatic(column.kind))
    return corrupt("a query column has an unknown type");
  else if (column.type == ColumnType::Categorical)
    ATTUNE_TRY(readValues(bundle, index, column));
  return column;
}

}  // namespace

Status QueryRows::insert(uint32_t row) {
  uint32_t* place = std::lower_bound(rows_.begin(), rows_.end(), row);
  if (place != rows_.end() && *place == row) return {};
  const std::ptrdiff_t index = place - rows_.begin();
  ATTUNE_TRY(rows_.push(row));
  std::rotate(rows_.begin() + index, rows_.end() - 1, rows_.end());
  return {};
}

void QueryRows::erase(uint32_t first, uint32_t count) {
  uint32_t* begin = std::lower_bound(rows_.begin(), rows_.end(), first);
  uint32_t* end = std::lower_bound(begin, rows_.end(), first + count);
  std::copy(end, rows_.end(), begin);
  rows_.truncate(rows_.size() - static_cast<size_t>(end - begin));
}

uint32_t QueryColumn::rowCount() const {
  if (type == ColumnType::Categorical) return values.size();
  return hasEdges(type) ? static_cast<uint32_t>(edges.size() + 1) : 0;
}

Result<QueryColumns> QueryColumns::open(const Bundle& bundle) {
  QueryColumns result;
  const auto* stored = bundle.header().query_columns();
  const uint32_t count = stored == nullptr ? 0 : stored->size();
  ATTUNE_TRY(result.columns_.reserve(count));
  for (uint32_t i = 0; i < count; ++i) {
    const auto column = readColumn(bundle, i);
    ATTUNE_TRY(column);
    for (const QueryColumn& other : result.columns_)
      if (other.isOf(column.value().kind) && other.name == column.value().name)
        return corrupt("two query columns have one name");
    ATTUNE_TRY(result.add(column.value()));
    if (result.rowCount_ > kMaxRows) return corrupt("query columns have too many values");
  }
  return result;
}

Status QueryColumns::add(QueryColumn column) {
  column.firstRow = rowCount_;
  ATTUNE_TRY(columns_.push(column));
  rowCount_ += column.rowCount();
  return {};
}

bool QueryColumns::has(QueryKind kind) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [kind](const QueryColumn& column) { return column.isOf(kind); });
}

uint32_t QueryColumns::find(QueryKind kind, std::string_view name) const {
  uint32_t found = kNone;
  for (uint32_t i = 0; i < size(); ++i) {
    if (!columns_[i].isOf(kind)) continue;
    if (columns_[i].name == name) return i;
    if (found == kNone && sameWord(columns_[i].name, name)) found = i;
  }
  return found;
}

uint32_t QueryColumns::rowOf(uint32_t index, std::string_view value) const {
  const QueryColumn& column = columns_[index];
  uint32_t low = 0;
  uint32_t high = column.values.size();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (column.values[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  const bool found = low < column.values.size() && column.values[low] == value;
  return found ? column.firstRow + low : kNone;
}

uint32_t QueryColumns::rowOf(uint32_t index, double number) const {
  const QueryColumn& column = columns_[index];
  if (std::isnan(number)) return kNone;
  uint32_t low = 0;
  uint32_t high = static_cast<uint32_t>(column.edges.size());
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (column.edges[middle] <= number)
      low = middle + 1;
    else
      high = middle;
  }
  return column.firstRow + low;
}

Result<bool> QueryColumns::set(QueryKind kind, std::string_view name, std::string_view text,
                               QueryRows& rows) const {
  if (name.empty() || name.size() > kMaxNameBytes || text.size() > kMaxValueBytes)
    return Error{ErrorCode::InvalidArgument, "a name may have 1024 bytes, a value 65536"};
  if (!isUtf8(name) || !isUtf8(text)) return Error{ErrorCode::InvalidArgument, "text must be UTF-8"};
  if (!has(kind)) return false;
  const uint32_t index = find(kind, name);
  if (index == kNone) return Error{ErrorCode::NotFound, "no column of that name"};
  const QueryColumn& column = columns_[index];
  rows.erase(column.firstRow, column.rowCount());
  bool known = false;
  const auto insert = [&](uint32_t row) -> Status {
    if (row == kNone) return {};
    known = true;
    return rows.insert(row);
  };
  if (column.type == ColumnType::Categorical) {
    while (!text.empty()) {
      const size_t bar = std::min(text.find('|'), text.size());
      ATTUNE_TRY(insert(rowOf(index, text.substr(0, bar))));
      text.remove_prefix(std::min(bar + 1, text.size()));
    }
  } else if (column.type == ColumnType::Boolean) {
    if (text == "true" || text == "false") ATTUNE_TRY(insert(rowOf(index, text == "true" ? 1.0 : 0.0)));
  } else if (hasEdges(column.type)) {
    if (const auto number = parseNumber(text)) ATTUNE_TRY(insert(rowOf(index, *number)));
  }
  return known;
}

Status QueryColumns::setAutomatic(const Moment& moment, QueryRows& rows) const {
  for (uint32_t i = 0; i < size(); ++i) {
    const QueryKind kind = columns_[i].kind;
    if (!isAutomatic(kind)) continue;
    const uint32_t row = rowOf(i, automaticNumber(kind, moment));
    if (row != kNone) ATTUNE_TRY(rows.insert(row));
  }
  return {};
}

}  // namespace attune
