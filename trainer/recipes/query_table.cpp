#include "trainer/recipes/query_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "trainer/data/rows_by_user.h"

namespace attune::trainer {
namespace {

constexpr uint32_t kLeastUses = 5;
constexpr size_t kMaxValues = 1000;
constexpr size_t kMaxIntervals = 16;

ColumnType typeOf(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::categorical: return ColumnType::Categorical;
    case ColumnKind::integer: return ColumnType::Integer;
    case ColumnKind::real: return ColumnType::Real;
    case ColumnKind::boolean: return ColumnType::Boolean;
    case ColumnKind::text:
    case ColumnKind::textual: return ColumnType::Text;
  }
  return ColumnType::Text;
}

/// The values used often enough, ascending; of too many, the most used ones.
std::vector<std::string> keptValues(const Column& column) {
  std::vector<uint32_t> uses(column.values.size());
  for (const uint32_t code : column.codes) ++uses[code];
  std::vector<uint32_t> codes;
  for (uint32_t code = 0; code < uses.size(); ++code)
    if (uses[code] >= kLeastUses) codes.push_back(code);
  std::sort(codes.begin(), codes.end(), [&](uint32_t a, uint32_t b) {
    return uses[a] != uses[b] ? uses[a] > uses[b] : column.values[a] < column.values[b];
  });
  if (codes.size() > kMaxValues) codes.resize(kMaxValues);
  std::vector<std::string> values;
  for (const uint32_t code : codes) values.push_back(column.values[code]);
  std::sort(values.begin(), values.end());
  return values;
}

/// Halfway between two neighbours, above the lower one; so that a number read from text a bit
/// inexactly stays on its side.
double between(double below, double above) {
  const double middle = below / 2 + above / 2;
  return middle > below && middle <= above ? middle : above;
}

/// Edges that cut the numbers into intervals of about equally many, none through equal numbers.
std::vector<double> edgesOf(std::vector<double> numbers) {
  numbers.erase(std::remove_if(numbers.begin(), numbers.end(),
                               [](double x) { return !std::isfinite(x); }),
                numbers.end());
  std::sort(numbers.begin(), numbers.end());
  std::vector<double> different = numbers;
  different.erase(std::unique(different.begin(), different.end()), different.end());
  std::vector<double> edges;
  if (different.size() <= kMaxIntervals) {
    for (size_t i = 1; i < different.size(); ++i)
      edges.push_back(between(different[i - 1], different[i]));
    return edges;
  }
  for (size_t i = 1; i < kMaxIntervals; ++i) {
    const double at = numbers[i * numbers.size() / kMaxIntervals];
    const auto place = std::lower_bound(different.begin(), different.end(), at);
    if (place == different.begin()) continue;
    const double edge = between(place[-1], *place);
    if (edges.empty() || edges.back() < edge) edges.push_back(edge);
  }
  return edges;
}

/// Of these edges those that leave five numbers or more in each interval, so that no feature goes
/// untaught.
std::vector<double> usedEdges(const std::vector<double>& all, const std::vector<double>& numbers) {
  std::vector<uint32_t> uses(all.size() + 1);
  for (const double number : numbers)
    if (!std::isnan(number))
      ++uses[static_cast<size_t>(std::upper_bound(all.begin(), all.end(), number) - all.begin())];
  std::vector<double> edges;
  uint32_t below = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    below += uses[i];
    if (below < kLeastUses) continue;
    edges.push_back(all[i]);
    below = 0;
  }
  if (below + uses.back() < kLeastUses && !edges.empty()) edges.pop_back();
  return edges;
}

/// The edges that tell 0, 1, .. `count` - 1 from each other.
std::vector<double> wholeNumbers(size_t count) {
  std::vector<double> edges;
  for (size_t i = 1; i < count; ++i) edges.push_back(static_cast<double>(i) - 0.5);
  return edges;
}

struct AutomaticColumn {
  const char* name;
  QueryKind kind;
  ColumnType type;
  std::vector<double> edges;
};

const std::vector<AutomaticColumn>& automaticColumns() {
  static const std::vector<AutomaticColumn> columns{
      {"HOUR_OF_DAY", QueryKind::HourOfDay, ColumnType::Integer, wholeNumbers(24)},
      {"WEEKDAY", QueryKind::Weekday, ColumnType::Integer, wholeNumbers(7)},
      {"DAYS_SINCE_LAST_EVENT",
       QueryKind::DaysSinceLastEvent,
       ColumnType::Real,
       {1.0 / 24, 1, 2, 4, 7, 14, 30, 90}}};
  return columns;
}

/// When each event is, and the user's event before it. An event that says what the one before it
/// says at the same second is the same event, and is no pause away from itself.
std::vector<Moment> momentsOf(const Dataset& data) {
  const Interactions& all = data.interactions;
  const auto isCopy = [&](uint32_t a, uint32_t b) {
    return all.timestamp[a] == all.timestamp[b] && all.item[a] == all.item[b];
  };
  std::vector<Moment> moments(all.size());
  const RowsByUser rows(data);
  for (uint32_t user = 0; user < data.users.size(); ++user)
    for (size_t i = 0; i < rows[user].size(); ++i) {
      Moment moment{static_cast<double>(all.timestamp[rows[user][i]])};
      size_t before = i;
      while (before > 0 && isCopy(rows[user][before - 1], rows[user][i])) --before;
      if (before > 0) moment.before = static_cast<double>(all.timestamp[rows[user][before - 1]]);
      moments[rows[user][i]] = moment;
    }
  return moments;
}

}  // namespace

QueryTable::QueryTable(const Dataset& data, const QueryTableOptions& options) {
  if (options.users)
    for (const Column& column : data.userColumns) addColumn(column, QueryKind::User);
  if (options.context)
    for (const Column& column : data.interactions.columns) addColumn(column, QueryKind::Context);
  if (options.automatic) addAutomatic(data);
}

void QueryTable::addColumn(const Column& source, QueryKind kind) {
  Store& store = stores_.emplace_back();
  store.source = &source;
  store.name = source.name;
  store.offsets = {0};
  QueryColumn column{.name = store.name, .kind = kind, .type = typeOf(source.kind)};
  if (column.type == ColumnType::Categorical) {
    store.values = keptValues(source);
    for (const std::string& value : store.values) {
      store.text += value;
      store.offsets.push_back(static_cast<uint32_t>(store.text.size()));
    }
    column.values = StringsView(store.text, store.offsets);
  } else if (column.type == ColumnType::Boolean) {
    store.edges = {0.5};
  } else if (column.type != ColumnType::Text) {
    store.edges = edgesOf(source.numbers);
  }
  column.edges = NumberView(reinterpret_cast<const uint8_t*>(store.edges.data()),
                            store.edges.size(), NumberView::Type::f64);
  if (!columns_.add(column).ok()) throw std::bad_alloc();
  const uint32_t index = columns_.size() - 1;
  for (uint32_t code = 0; code < source.values.size(); ++code)
    store.rowOfCode.push_back(columns_.rowOf(index, std::string_view(source.values[code])));
}

void QueryTable::addAutomatic(const Dataset& data) {
  QueryColumns own;
  for (const Column& column : data.interactions.columns)
    if (!own.add({.name = column.name, .kind = QueryKind::Context}).ok()) throw std::bad_alloc();
  moments_ = momentsOf(data);
  for (const auto& [name, kind, type, edges] : automaticColumns()) {
    if (own.find(QueryKind::Context, name) != QueryColumns::kNone) continue;
    std::vector<double> numbers;
    for (const Moment& moment : moments_) numbers.push_back(automaticNumber(kind, moment));
    Store& store = stores_.emplace_back();
    store.name = name;
    store.edges = usedEdges(edges, numbers);
    const NumberView view(reinterpret_cast<const uint8_t*>(store.edges.data()), store.edges.size(),
                          NumberView::Type::f64);
    if (!columns_.add({.name = store.name, .kind = kind, .type = type, .edges = view}).ok())
      throw std::bad_alloc();
  }
}

double QueryTable::numberOf(uint32_t column, uint32_t row) const {
  const QueryKind kind = columns_[column].kind;
  return isAutomatic(kind) ? automaticNumber(kind, moments_[row])
                           : stores_[column].source->numbers[row];
}

bool QueryTable::hasRows(QueryKind kind) const {
  for (uint32_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].isOf(kind) && columns_[i].rowCount() > 0) return true;
  return false;
}

std::vector<uint32_t> QueryTable::rowsOf(QueryKind kind, uint32_t row) const {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < columns_.size(); ++i) {
    const Store& store = stores_[i];
    if (!columns_[i].isOf(kind) || columns_[i].rowCount() == 0) continue;
    const size_t begin = rows.size();
    if (columns_[i].type == ColumnType::Categorical) {
      for (uint32_t at = store.source->offsets[row]; at < store.source->offsets[row + 1]; ++at)
        rows.push_back(store.rowOfCode[store.source->codes[at]]);
    } else {
      rows.push_back(columns_.rowOf(i, numberOf(i, row)));
    }
    rows.erase(std::remove(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.end(),
                           QueryColumns::kNone),
               rows.end());
    std::sort(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.end());
  }
  return rows;
}

void QueryTable::write(std::span<const float> vectors, std::span<const float> start,
                       BundlePrecision precision, BundleBuilder& bundle) const {
  for (uint32_t i = 0; i < columns_.size(); ++i) {
    const QueryColumn& column = columns_[i];
    const uint32_t number =
        bundle.addQueryColumn(std::string(column.name), column.kind, column.type);
    if (column.type == ColumnType::Categorical)
      bundle.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets,
                        stores_[i].values, number);
    else if (column.type != ColumnType::Text)
      bundle.add(SectionKind::QueryEdges, stores_[i].edges, number);
  }
  bundle.add(SectionKind::StartVector, start);
  if (vectors.empty()) return;
  addMatrix(SectionKind::QueryVectors, vectors, start.size(), start.size(), precision, 0, bundle);
}

}  // namespace attune::trainer
