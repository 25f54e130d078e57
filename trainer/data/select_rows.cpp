#include "trainer/data/select_rows.h"

#include "trainer/data/column_builder.h"

namespace attune::trainer {
namespace {

using Rows = std::span<const uint32_t>;

template <typename T>
std::vector<T> pick(const std::vector<T>& values, Rows rows) {
  std::vector<T> picked;
  if (values.empty()) return picked;
  picked.reserve(rows.size());
  for (const uint32_t row : rows) picked.push_back(values[row]);
  return picked;
}

std::vector<Column> pick(const std::vector<Column>& columns, Rows rows) {
  std::vector<Column> picked;
  picked.reserve(columns.size());
  for (const Column& column : columns) picked.push_back(reordered(column, rows));
  return picked;
}

/// The entries of a table that stay, and the new number of each old one.
struct Renumbering {
  std::vector<uint32_t> kept;     // old numbers, ascending
  std::vector<uint32_t> numbers;  // (old entries) new number, or StringTable::kNone
};

/// Keeps the first `always` entries and all that `used` names.
Renumbering renumber(uint32_t count, uint32_t always, const std::vector<uint32_t>& used) {
  std::vector<uint8_t> stays(count, 0);
  for (uint32_t entry = 0; entry < always; ++entry) stays[entry] = 1;
  for (const uint32_t entry : used) stays[entry] = 1;
  Renumbering result;
  result.numbers.assign(count, StringTable::kNone);
  for (uint32_t entry = 0; entry < count; ++entry) {
    if (stays[entry] == 0) continue;
    result.numbers[entry] = static_cast<uint32_t>(result.kept.size());
    result.kept.push_back(entry);
  }
  return result;
}

StringTable pick(const StringTable& table, Rows rows) {
  StringTable picked;
  for (const uint32_t row : rows) picked.add(table[row]);
  return picked;
}

void apply(const Renumbering& renumbering, std::vector<uint32_t>& entries) {
  for (uint32_t& entry : entries) entry = renumbering.numbers[entry];
}

Interactions pick(const Interactions& all, Rows rows) {
  Interactions picked;
  picked.user = pick(all.user, rows);
  picked.item = pick(all.item, rows);
  picked.timestamp = pick(all.timestamp, rows);
  picked.eventType = pick(all.eventType, rows);
  picked.eventValue = pick(all.eventValue, rows);
  picked.columns = pick(all.columns, rows);
  picked.weight = pick(all.weight, rows);
  picked.origin = pick(all.origin, rows);
  return picked;
}

}  // namespace

Dataset selectInteractions(const Dataset& dataset, std::span<const uint8_t> kept) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < kept.size(); ++row)
    if (kept[row] != 0) rows.push_back(row);
  Dataset result;
  result.interactions = pick(dataset.interactions, rows);
  const Renumbering items =
      renumber(dataset.items.size(), dataset.listedItems, result.interactions.item);
  const uint32_t listedUsers = dataset.userColumns.empty() ? 0 : dataset.users.size();
  const Renumbering users = renumber(dataset.users.size(), listedUsers, result.interactions.user);
  apply(items, result.interactions.item);
  apply(users, result.interactions.user);
  result.items = pick(dataset.items, items.kept);
  result.listedItems = dataset.listedItems;
  result.itemColumns = pick(dataset.itemColumns, items.kept);
  result.users = pick(dataset.users, users.kept);
  result.userColumns = pick(dataset.userColumns, users.kept);
  result.eventTypes = dataset.eventTypes;
  result.deletions = dataset.deletions;
  return result;
}

}  // namespace attune::trainer
