#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attune::trainer {

/// Names of columns and the text of their values.
using BatchValues = std::vector<std::pair<std::string, std::string>>;

/// An event that a request brings along.
struct BatchEvent {
  std::string itemId;
  std::string eventType;  ///< empty for none
  int64_t timestamp = 0;  ///< seconds since 1970
  float value = 0;        ///< NaN for none
  BatchValues context;    ///< the event's own columns, for filters
};

/// One line of batch input, Amazon Personalize's formats and Attune's `events`:
///   {"userId": "4638"}                             items for a user
///   {"itemId": "105"}                              items like an item (userId may be there too)
///   {"userId": "891", "itemList": ["27", "886"]}   the given items in a user's order
/// "events": [{"itemId", "timestamp", "eventType"?, "eventValue"?, "context"?}, ..] is the user's history and
/// replaces a stored one; with it userId may be missing. "context": {"DEVICE": "phone", ..} are the
/// circumstances of the request, and "attributes" in the same form the user's metadata, which
/// replace stored ones: texts, numbers or booleans.
/// "filterValues": {"GENRE": "\"Comedy\",\"Drama\""} are the values of the filter's placeholders in
/// Personalize's form (see FilterValues), or plain numbers. "timestamp": 1700000000 is when it is
/// asked, in seconds since 1970; else that is now. What readListOptions takes ("diversity",
/// "promotions", ..) is of this list alone and counts instead of what the run says of it.
struct BatchRequest {
  enum class Kind : uint8_t { forUser, related, ranking };

  Kind kind = Kind::forUser;
  std::string userId;  ///< empty where the request has none
  std::string itemId;
  std::vector<std::string> itemList;
  bool hasEvents = false;
  std::vector<BatchEvent> events;
  BatchValues context;
  bool hasAttributes = false;
  BatchValues attributes;
  BatchValues filterValues;
  nlohmann::ordered_json listOptions = nlohmann::ordered_json::object();
  std::optional<double> timestamp;
};

/// What became of one line: a request, or the reason why there is none.
struct ParsedLine {
  BatchRequest request;
  std::string error;  ///< empty when the request can be answered
  /// The line as it is echoed: the object without `events`, or the raw line as a JSON string where
  /// it is no JSON object.
  nlohmann::ordered_json echo;
};

/// Reads one line. Ids have 1 to 256 characters; unknown fields and wrong types are errors.
ParsedLine parseBatchLine(std::string_view line);

}  // namespace attune::trainer
