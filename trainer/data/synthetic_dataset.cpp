// SyntheticWorld -> Dataset; the worlds themselves are made in synthetic.cpp.

#include <limits>
#include <utility>

#include "trainer/data/synthetic_parts.h"

namespace attune::trainer {

using namespace synthetic;  // this file is one of its parts

namespace {

void addCell(Column& column, const std::string& cell) {
  switch (column.kind) {
    case ColumnKind::text:
      column.texts.push_back(cell);
      break;
    case ColumnKind::categorical:
      if (!cell.empty()) column.codes.push_back(column.values.add(cell));
      column.offsets.push_back(static_cast<uint32_t>(column.codes.size()));
      break;
    default:
      column.numbers.push_back(std::stod(cell));
  }
}

std::vector<Column> columnsOf(const SyntheticWorld& world, size_t rows,
                              std::span<const SyntheticColumn> described) {
  std::vector<Column> columns;
  for (const SyntheticColumn& one : described) {
    Column column;
    column.name = one.name;
    column.kind = one.kind;
    if (one.kind == ColumnKind::categorical) column.offsets.push_back(0);
    for (uint32_t row = 0; row < rows; ++row) addCell(column, one.cell(world, row));
    columns.push_back(std::move(column));
  }
  return columns;
}

float eventValueOf(const SyntheticInteraction& row) {
  return row.valueCents == 0 ? std::numeric_limits<float>::quiet_NaN()
                             : static_cast<float>(static_cast<double>(row.valueCents) / 100.0);
}

Interactions interactionColumns(const std::vector<SyntheticInteraction>& rows) {
  Interactions columns;
  for (const SyntheticInteraction& row : rows) {
    columns.user.push_back(row.user);
    columns.item.push_back(row.item);
    columns.timestamp.push_back(row.timestamp);
    columns.eventType.push_back(row.eventType);
    columns.eventValue.push_back(eventValueOf(row));
  }
  return columns;
}

}  // namespace

std::string syntheticUserId(uint32_t user) { return "u" + std::to_string(user); }

std::string syntheticItemId(uint32_t item) { return "i" + std::to_string(item); }

Dataset toDataset(const SyntheticWorld& world) {
  Dataset dataset;
  for (uint32_t u = 0; u < world.memberships.size(); ++u) dataset.users.add(syntheticUserId(u));
  for (uint32_t i = 0; i < world.items.size(); ++i) dataset.items.add(syntheticItemId(i));
  dataset.listedItems = dataset.items.size();
  for (const std::string& eventType : world.eventTypes) dataset.eventTypes.add(eventType);
  dataset.interactions = interactionColumns(world.interactions);
  dataset.itemColumns = columnsOf(world, world.items.size(), itemColumnsOf(world));
  dataset.userColumns = columnsOf(world, world.memberships.size(), userColumnsOf(world));
  return dataset;
}

Dataset checkerboardWorld(const SyntheticOptions& options) {
  return toDataset(makeSyntheticWorld(SyntheticWorldKind::checkerboard, options));
}

Dataset markovWorld(const SyntheticOptions& options) {
  return toDataset(makeSyntheticWorld(SyntheticWorldKind::markov, options));
}

Dataset shopWorld(const SyntheticOptions& options) {
  return toDataset(makeSyntheticWorld(SyntheticWorldKind::shop, options));
}

}  // namespace attune::trainer
