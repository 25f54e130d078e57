#include "trainer/data/event_rows.h"

#include <array>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMsPerSecond = 1000;
constexpr int64_t kDayMs = 86'400'000;
/// The collector saw to the times; a clock here would make training depend on when it is run.
constexpr int64_t kAnyTime = 100'000'000'000;

constexpr const char* kEventSchemaJson =
    R"({"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema",)"
    R"("fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},)"
    R"({"name":"TIMESTAMP","type":"long"},{"name":"EVENT_TYPE","type":"string"},)"
    R"({"name":"EVENT_VALUE","type":["float","null"]},)"
    R"({"name":"IMPRESSION","type":["string","null"]},)"
    R"({"name":"RECOMMENDATION_ID","type":["string","null"]},)"
    R"({"name":"EVENT_ATTRIBUTION_SOURCE","type":["string","null"]}],"version":"1.0"})";

std::string shortest(double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

}  // namespace

const AvroSchema& eventSchema() {
  static const AvroSchema schema =
      parseAvroSchema(kEventSchemaJson, DatasetType::interactions, "the schema of events");
  return schema;
}

std::string propertyName(std::string_view field) {
  std::string name;
  bool isUpper = false;
  for (const char c : field) {
    if (c == '_') {
      isUpper = !name.empty();
      continue;
    }
    const auto letter = static_cast<unsigned char>(c);
    name += static_cast<char>(isUpper ? std::toupper(letter) : std::tolower(letter));
    isUpper = false;
  }
  return name;
}

std::string fieldText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return shortest(value.get<double>());
  if (!value.is_array()) return value.is_primitive() && !value.is_null() ? value.dump() : "";
  std::string joined;  // several values of a categorical field
  for (const Json& one : value) joined += (joined.empty() ? "" : "|") + fieldText(one);
  return joined;
}

EventRows::Source EventRows::sourceOf(std::string_view field) {
  struct Named {
    std::string_view field;
    Source source;
  };
  for (const Named& named : {Named{"USER_ID", Source::user},
                             {"ITEM_ID", Source::item},
                             {"TIMESTAMP", Source::time},
                             {"EVENT_TYPE", Source::type},
                             {"EVENT_VALUE", Source::value},
                             {"IMPRESSION", Source::impression},
                             {"RECOMMENDATION_ID", Source::recommendation},
                             {"EVENT_ATTRIBUTION_SOURCE", Source::attribution}})
    if (named.field == field) return named.source;
  return Source::property;
}

EventRows::EventRows(const AvroSchema& schema, int64_t nowSeconds)
    : parser_(schema, nowSeconds), texts_(schema.fields.size()), fields_(schema.fields.size()) {
  for (const SchemaField& field : schema.fields) {
    sources_.push_back(sourceOf(field.name));
    properties_.push_back(propertyName(field.name));
    nullable_.push_back(field.nullable);
    hasProperties_ = hasProperties_ || sources_.back() == Source::property;
  }
}

bool EventRows::convert(const Event& event, std::string_view user) {
  if (event.itemId.empty()) return false;
  for (size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i] != Source::property) texts_[i] = textOf(sources_[i], event, user);
  if (hasProperties_) readProperties(event);
  for (size_t i = 0; i < texts_.size(); ++i) fields_[i] = texts_[i];
  while (const std::optional<RowDefect> defect = parser_.parse(fields_)) {
    if (!nullable_[defect->field] || fields_[defect->field].empty()) return false;
    fields_[defect->field] = {};
  }
  return true;
}

void EventRows::readProperties(const Event& event) {
  const Json given =
      event.properties.empty() ? Json() : Json::parse(event.properties, nullptr, false);
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i] != Source::property) continue;
    texts_[i].clear();
    if (!given.is_object()) continue;
    if (const auto found = given.find(properties_[i]); found != given.end())
      texts_[i] = fieldText(*found);
  }
}

std::string EventRows::textOf(Source source, const Event& event, std::string_view user) const {
  switch (source) {
    case Source::user:
      return std::string(user);
    case Source::item:
      return event.itemId;
    case Source::time:
      return std::to_string(event.timeMs / kMsPerSecond);
    case Source::type:
      return event.eventType;
    case Source::value:
      return event.eventValue ? shortest(*event.eventValue) : "";
    case Source::impression:
      return fieldText(
          Json::parse(event.impression.empty() ? "[]" : event.impression, nullptr, false));
    case Source::recommendation:
      return event.recommendationId;
    case Source::attribution:
      return event.attributionSource;
    case Source::property:
      break;
  }
  return "";
}

EventScan::EventScan(const AvroSchema& schema, const RowVisitor& visit)
    : rows_(schema, kAnyTime), visit_(visit) {}

void EventScan::add(const Event& event, std::string_view user) {
  ++counts_.events;
  if (event.itemId.empty()) {
    ++counts_.withoutItem;
  } else if (rows_.convert(event, user)) {
    visit_(rows_.values());
    counts_.origins.push_back({event.source.empty() ? 0 : 1 + sources_.add(event.source),
                               static_cast<int32_t>(event.receivedMs / kDayMs), event.verified});
  } else {
    ++counts_.unfit;
  }
}

}  // namespace attune::trainer
