#include "trainer/eval/batch_request.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "trainer/base/suggest.h"
#include "trainer/eval/list_options.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

constexpr int kMaxDepth = 8;  // ours need 3; printing a deeper echo could exhaust the stack
constexpr size_t kMaxIdCharacters = 256;
constexpr size_t kMaxValues = 150;
constexpr size_t kMaxNameCharacters = 150;
constexpr size_t kMaxValueCharacters = 1000;

using Problem = std::optional<std::string>;  // nothing when all is well

size_t charactersOf(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xC0) != 0x80;
  return count;
}

Problem readId(const ordered_json& value, const std::string& where, std::string& id) {
  if (!value.is_string()) return where + " must be a string";
  id = value.get<std::string>();
  if (id.empty() || charactersOf(id) > kMaxIdCharacters)
    return where + " must have 1 to 256 characters";
  return {};
}

Problem readEventType(const ordered_json& value, const std::string& where, std::string& type) {
  if (value.is_null()) return {};
  if (!value.is_string()) return where + " must be a string";
  type = value.get<std::string>();
  if (charactersOf(type) > kMaxIdCharacters) return where + " must have at most 256 characters";
  return {};
}

Problem readTimestamp(const ordered_json& value, const std::string& where, int64_t& timestamp) {
  const bool fits =
      value.is_number_integer() &&
      (!value.is_number_unsigned() || value.get<uint64_t>() <= std::numeric_limits<int64_t>::max());
  if (!fits) return where + " must be a whole number of seconds since 1970";
  timestamp = value.get<int64_t>();
  return {};
}

Problem readValue(const ordered_json& value, const std::string& where, float& number) {
  if (value.is_null()) return {};
  if (!value.is_number() || !std::isfinite(value.get<float>())) return where + " must be a number";
  number = value.get<float>();
  return {};
}

Problem unknownField(const std::string& where, const std::string& name,
                     const std::vector<std::string>& known) {
  return where + "unknown field \"" + name + "\"" + didYouMean(name, known);
}

/// Personalize's limits: 150 pairs, names of 150 and values of 1000 characters.
Problem readValues(const std::string& field, const ordered_json& object, BatchValues& values) {
  if (!object.is_object()) return field + " must be an object of strings";
  if (object.size() > kMaxValues) return field + " may have 150 values";
  for (const auto& [name, value] : object.items()) {
    const std::string where = field + "." + name;
    if (name.empty() || charactersOf(name) > kMaxNameCharacters)
      return field + ": names must have 1 to 150 characters";
    const bool isText = value.is_string();
    if (!isText && !value.is_number() && !value.is_boolean()) return where + " must be a string";
    values.emplace_back(name, isText ? value.get<std::string>() : value.dump());
    if (charactersOf(values.back().second) > kMaxValueCharacters)
      return where + " must have at most 1000 characters";
  }
  return {};
}

Problem readEvent(const ordered_json& fields, const std::string& where, BatchEvent& event) {
  if (!fields.is_object()) return where + " must be an object";
  event.value = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [name, value] : fields.items()) {
    const std::string place = where + "." + name;
    Problem problem;
    if (name == "itemId")
      problem = readId(value, place, event.itemId);
    else if (name == "eventType")
      problem = readEventType(value, place, event.eventType);
    else if (name == "timestamp")
      problem = readTimestamp(value, place, event.timestamp);
    else if (name == "eventValue")
      problem = readValue(value, place, event.value);
    else if (name == "context")
      problem = readValues(place, value, event.context);
    else
      problem = unknownField(where + ": ", name,
                             {"itemId", "eventType", "timestamp", "eventValue", "context"});
    if (problem) return problem;
  }
  for (const char* required : {"itemId", "timestamp"})
    if (!fields.contains(required)) return where + " has no " + required;
  return {};
}

Problem readEvents(const ordered_json& list, BatchRequest& request) {
  if (!list.is_array()) return "events must be an array of objects";
  request.hasEvents = true;
  request.events.resize(list.size());
  for (size_t i = 0; i < list.size(); ++i)
    if (Problem problem =
            readEvent(list[i], "events[" + std::to_string(i) + "]", request.events[i]))
      return problem;
  return {};
}

Problem readItemList(const ordered_json& list, BatchRequest& request) {
  if (!list.is_array() || list.empty()) return "itemList must be an array of at least one item id";
  request.itemList.resize(list.size());
  for (size_t i = 0; i < list.size(); ++i)
    if (Problem problem =
            readId(list[i], "itemList[" + std::to_string(i) + "]", request.itemList[i]))
      return problem;
  return {};
}

Problem readRequestTime(const ordered_json& value, BatchRequest& request) {
  int64_t timestamp = 0;
  if (Problem problem = readTimestamp(value, "timestamp", timestamp)) return problem;
  request.timestamp = static_cast<double>(timestamp);
  return {};
}

Problem readField(const std::string& name, const ordered_json& value, BatchRequest& request) {
  if (name == "userId") return readId(value, name, request.userId);
  if (name == "itemId") return readId(value, name, request.itemId);
  if (name == "itemList") return readItemList(value, request);
  if (name == "events") return readEvents(value, request);
  if (name == "context") return readValues(name, value, request.context);
  if (name == "attributes") {
    request.hasAttributes = true;
    return readValues(name, value, request.attributes);
  }
  if (name == "filterValues") return readValues(name, value, request.filterValues);
  if (name == "timestamp") return readRequestTime(value, request);
  std::vector<std::string> known = listOptionNames();
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    request.listOptions[name] = value;
    return {};
  }
  for (const char* other : {"userId", "itemId", "itemList", "events", "context", "attributes",
                            "filterValues", "timestamp"})
    known.emplace_back(other);
  return unknownField("", name, known);
}

/// What the fields ask for together.
Problem decideKind(BatchRequest& request) {
  const bool hasUser = !request.userId.empty() || request.hasEvents;
  if (!request.itemId.empty() && !request.itemList.empty())
    return "itemId and itemList cannot be in one request";
  if (!request.itemId.empty()) {
    request.kind = BatchRequest::Kind::related;
    return {};
  }
  if (!hasUser)
    return request.itemList.empty() ? "a request needs userId, itemId or events"
                                    : "a request with itemList needs userId or events";
  if (request.itemList.empty()) return {};
  request.kind = BatchRequest::Kind::ranking;
  if (request.listOptions.empty()) return {};
  return request.listOptions.begin().key() +
         " does not go with itemList: a ranking has all items asked for, in the order of their scores";
}

Problem readRequest(const ordered_json& fields, BatchRequest& request) {
  for (const auto& [name, value] : fields.items())
    if (Problem problem = readField(name, value, request)) return problem;
  return decideKind(request);
}

/// Finds where a text stops being JSON.
struct ErrorFinder : nlohmann::json_sax<ordered_json> {
  size_t byte = 0;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    byte = position;
    return false;
  }
};

std::string describeBadJson(std::string_view line) {
  ErrorFinder finder;
  ordered_json::sax_parse(line.begin(), line.end(), &finder);
  return "not valid JSON (byte " + std::to_string(finder.byte) + ")";
}

}  // namespace

ParsedLine parseBatchLine(std::string_view line) {
  ParsedLine parsed;
  bool tooDeep = false;
  const auto watchDepth = [&](int depth, ordered_json::parse_event_t, ordered_json&) {
    tooDeep = tooDeep || depth > kMaxDepth;
    return !tooDeep;
  };
  ordered_json fields = ordered_json::parse(line.begin(), line.end(), watchDepth, false);
  if (tooDeep)
    parsed.error = "nested too deeply";
  else if (fields.is_discarded())
    parsed.error = describeBadJson(line);
  else if (!fields.is_object())
    parsed.error = "a request must be a JSON object";
  if (!parsed.error.empty()) {
    parsed.echo = std::string(line);
    return parsed;
  }
  parsed.error = readRequest(fields, parsed.request).value_or("");
  fields.erase("events");
  parsed.echo = std::move(fields);
  return parsed;
}

}  // namespace attune::trainer
