#include "trainer/data/dataset_loader.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "trainer/base/errors.h"
#include "trainer/data/column_builder.h"

namespace attune::trainer {
namespace {

/// Reads items or users: ids into `ids`, everything else into columns.
std::vector<ColumnBuilder> loadRecords(const Store& store, const AvroSchema& schema,
                                       StringTable& ids) {
  const size_t idField = *schema.find(schema.type == DatasetType::items ? "ITEM_ID" : "USER_ID");
  std::vector<ColumnBuilder> builders(schema.fields.begin(), schema.fields.end());
  store.scan(schema.type, [&](std::span<const FieldValue> row) {
    ids.add(row[idField].text);
    for (size_t i = 0; i < row.size(); ++i)
      if (i != idField) builders[i].add(row[i]);
  });
  builders.erase(builders.begin() + static_cast<std::ptrdiff_t>(idField));
  return builders;
}

std::vector<Column> finish(std::vector<ColumnBuilder>& builders, size_t rows) {
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish(rows));
  return columns;
}

/// Adds the ids of one field to a table, looking up each of the store's numbers only once.
class IdReader {
 public:
  uint32_t read(const FieldValue& value, StringTable& table) {
    const auto number = static_cast<uint64_t>(value.integer);
    if (number == 0) return table.add(value.text);
    if (number >= known_.size()) known_.resize(std::max(number + 1, 2 * known_.size()), kUnknown);
    uint32_t& index = known_[number];
    if (index == kUnknown) index = table.add(value.text);
    return index;
  }

 private:
  static constexpr uint32_t kUnknown = StringTable::kNone;
  std::vector<uint32_t> known_;
};

/// Reads the interactions in the order of their import.
class InteractionReader {
 public:
  InteractionReader(const AvroSchema& schema, Dataset& dataset) : dataset_(dataset) {
    user_ = *schema.find("USER_ID");
    item_ = *schema.find("ITEM_ID");
    timestamp_ = *schema.find("TIMESTAMP");
    eventType_ = schema.find("EVENT_TYPE");
    eventValue_ = schema.find("EVENT_VALUE");
    for (size_t i = 0; i < schema.fields.size(); ++i)
      if (isContextColumn(schema.fields[i].name)) {
        columns_.emplace_back(schema.fields[i]);
        columnFields_.push_back(i);
      }
  }

  void reserve(size_t rows) {
    Interactions& to = dataset_.interactions;
    for (auto* numbers : {&to.user, &to.item, &to.eventType}) numbers->reserve(rows);
    to.timestamp.reserve(rows);
    to.eventValue.reserve(rows);
  }

  void add(std::span<const FieldValue> row) {
    Interactions& to = dataset_.interactions;
    to.user.push_back(userIds_.read(row[user_], dataset_.users));
    to.item.push_back(itemIds_.read(row[item_], dataset_.items));
    to.timestamp.push_back(row[timestamp_].integer);
    to.eventType.push_back(eventType_ ? eventTypeOf(row[*eventType_]) : StringTable::kNone);
    to.eventValue.push_back(eventValue_ ? eventValueOf(row[*eventValue_]) : kNoValue);
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].add(row[columnFields_[i]]);
  }

  void finishColumns() {
    dataset_.interactions.columns = finish(columns_, dataset_.interactions.size());
  }

 private:
  static constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();

  uint32_t eventTypeOf(const FieldValue& value) {
    return value.isNull() ? StringTable::kNone : eventTypes_.read(value, dataset_.eventTypes);
  }
  static float eventValueOf(const FieldValue& value) {
    return value.isNull() ? kNoValue : static_cast<float>(value.real);
  }

  Dataset& dataset_;
  IdReader userIds_;
  IdReader itemIds_;
  IdReader eventTypes_;
  size_t user_ = 0;
  size_t item_ = 0;
  size_t timestamp_ = 0;
  std::optional<size_t> eventType_;
  std::optional<size_t> eventValue_;
  std::vector<ColumnBuilder> columns_;
  std::vector<size_t> columnFields_;
};

template <typename T>
void reorder(std::vector<T>& values, std::span<const uint32_t> order) {
  std::vector<T> result;
  result.reserve(values.size());
  for (const uint32_t row : order) result.push_back(values[row]);
  values = std::move(result);
}

void sortByTime(Interactions& interactions) {
  const std::vector<int64_t>& time = interactions.timestamp;
  if (std::is_sorted(time.begin(), time.end())) return;
  std::vector<uint32_t> order(interactions.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return time[a] < time[b]; });
  reorder(interactions.user, order);
  reorder(interactions.item, order);
  reorder(interactions.eventType, order);
  reorder(interactions.eventValue, order);
  if (!interactions.origin.empty()) reorder(interactions.origin, order);
  for (Column& column : interactions.columns) column = reordered(column, order);
  reorder(interactions.timestamp, order);
}

EventCounts loadInteractions(const Store& store, const AvroSchema& schema, Dataset& dataset) {
  const uint64_t rows = store.counts(DatasetType::interactions).rows;
  if (rows > std::numeric_limits<uint32_t>::max())
    throw UserError("the store holds more than 4,294,967,295 interactions: too many to load");
  InteractionReader reader(schema, dataset);
  reader.reserve(rows);
  const EventCounts events = store.scan(DatasetType::interactions,
                                        [&](std::span<const FieldValue> row) { reader.add(row); });
  reader.finishColumns();
  if (!events.origins.empty()) {
    std::vector<EventOrigin>& origin = dataset.interactions.origin;
    origin.resize(dataset.interactions.size() - events.origins.size());  // imported
    origin.insert(origin.end(), events.origins.begin(), events.origins.end());
  }
  sortByTime(dataset.interactions);
  return events;
}

}  // namespace

bool isContextColumn(std::string_view name) {
  constexpr std::string_view kOthers[] = {
      "USER_ID",     "ITEM_ID",    "TIMESTAMP",         "EVENT_TYPE",
      "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"};
  return std::find(std::begin(kOthers), std::end(kOthers), name) == std::end(kOthers);
}

Dataset loadDataset(const Store& store, EventCounts* events) {
  EventCounts collected;
  Dataset dataset;
  std::vector<ColumnBuilder> items;
  std::vector<ColumnBuilder> users;
  if (const auto schema = store.schema(DatasetType::items))
    items = loadRecords(store, *schema, dataset.items);
  dataset.listedItems = dataset.items.size();
  if (const auto schema = store.schema(DatasetType::users))
    users = loadRecords(store, *schema, dataset.users);
  if (const auto schema = store.schema(DatasetType::interactions))
    collected = loadInteractions(store, *schema, dataset);
  if (events != nullptr) *events = std::move(collected);
  dataset.deletions = store.deletions();
  dataset.itemColumns = finish(items, dataset.items.size());
  dataset.userColumns = finish(users, dataset.users.size());
  return dataset;
}

}  // namespace attune::trainer
