#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/event.h"
#include "trainer/data/row_parser.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// The schema that interactions have while none was imported: what the collector's events hold.
const AvroSchema& eventSchema();

/// How PutEvents, PutItems and PutUsers name a field in `properties`: NUM_RATINGS as numRatings.
std::string propertyName(std::string_view field);

/// A value of `properties` as it would stand in a CSV file; "" for null.
std::string fieldText(const nlohmann::json& value);

/// Turns events into rows of the interactions' schema. Fields of the schema's own come from the
/// event's properties; a property that does not fit a nullable field is null. For one thread.
class EventRows {
 public:
  EventRows(const AvroSchema& schema, int64_t nowSeconds);

  /// Makes values() from an event of `user`. False when it cannot be an interaction: no item, or a
  /// field that may not be null has no fitting value.
  bool convert(const Event& event, std::string_view user);
  /// The last row converted; its texts live until the next convert().
  std::span<const FieldValue> values() const { return parser_.values(); }

 private:
  enum class Source : uint8_t {
    user,
    item,
    time,
    type,
    value,
    impression,
    recommendation,
    attribution,
    property,
  };

  static Source sourceOf(std::string_view field);
  void readProperties(const Event& event);
  std::string textOf(Source source, const Event& event, std::string_view user) const;

  RowParser parser_;
  std::vector<Source> sources_;
  std::vector<std::string> properties_;  // of each field the name in `properties`
  std::vector<bool> nullable_;
  bool hasProperties_ = false;
  std::vector<std::string> texts_;
  std::vector<std::string_view> fields_;
};

/// Shows the collector's events as rows of the interactions, and counts those that are none. The
/// visitor must outlive it. For one thread.
class EventScan {
 public:
  EventScan(const AvroSchema& schema, const RowVisitor& visit);
  void add(const Event& event, std::string_view user);
  const EventCounts& counts() const { return counts_; }

 private:
  EventRows rows_;
  const RowVisitor& visit_;
  EventCounts counts_;
  StringTable sources_;
};

}  // namespace attune::trainer
