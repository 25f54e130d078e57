// SyntheticWorld -> Dataset; the worlds themselves are made in synthetic.cpp.

#include <limits>
#include <utility>

#include "trainer/data/synthetic.h"

namespace attune::trainer {
namespace {

Column numberColumn(std::string name, ColumnKind kind) {
  Column column;
  column.name = std::move(name);
  column.kind = kind;
  return column;
}

/// A categorical column with exactly one value a row.
class SingleValueColumn {
 public:
  explicit SingleValueColumn(std::string name) {
    column_ = numberColumn(std::move(name), ColumnKind::categorical);
    column_.offsets.push_back(0);
  }
  void add(std::string_view value) {
    column_.codes.push_back(column_.values.add(value));
    column_.offsets.push_back(static_cast<uint32_t>(column_.codes.size()));
  }
  Column take() { return std::move(column_); }

 private:
  Column column_;
};

std::vector<Column> itemColumns(const std::vector<SyntheticItem>& items) {
  Column title = numberColumn("TITLE", ColumnKind::text);
  SingleValueColumn category("CATEGORY_L1");
  Column price = numberColumn("PRICE", ColumnKind::real);
  Column created = numberColumn("CREATION_TIMESTAMP", ColumnKind::integer);
  for (const SyntheticItem& item : items) {
    title.texts.push_back(item.title);
    category.add(item.category);
    price.numbers.push_back(static_cast<double>(item.priceCents) / 100.0);
    created.numbers.push_back(static_cast<double>(item.creationTimestamp));
  }
  std::vector<Column> columns;
  columns.push_back(std::move(title));
  columns.push_back(category.take());
  columns.push_back(std::move(price));
  columns.push_back(std::move(created));
  return columns;
}

std::vector<Column> userColumns(const std::vector<std::string>& memberships) {
  SingleValueColumn membership("MEMBERSHIP");
  for (const std::string& value : memberships) membership.add(value);
  std::vector<Column> columns;
  columns.push_back(membership.take());
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
  dataset.itemColumns = itemColumns(world.items);
  dataset.userColumns = userColumns(world.memberships);
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
