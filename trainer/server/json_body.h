#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace attune::trainer {

/// Parses a request's JSON. Throws ApiError (400): not JSON, not UTF-8, nested too deep, no object.
nlohmann::json parseBody(std::string_view text);

/// A string of 1 to `maxChars` characters without NUL. Throws ApiError (400) that begins with
/// `path`.
std::string readText(const nlohmann::json& value, const std::string& path, size_t maxChars);

/// The fields of a JSON object, read one by one. Every method throws ApiError (400) with the
/// field's path, such as `eventList[2].itemId`, when the value is of another type or length than
/// asked for.
class ObjectReader {
 public:
  /// `path` is "" for the body itself. Throws when `value` is no object.
  ObjectReader(const nlohmann::json& value, std::string path);

  /// 1 to `maxChars` characters; optional ones are "" when absent or null.
  std::string text(const char* name, size_t maxChars) const;
  std::string optionalText(const char* name, size_t maxChars) const;
  /// A finite number.
  double number(const char* name) const;
  std::optional<double> optionalNumber(const char* name) const;
  /// 1 to `maxSize` values.
  const nlohmann::json& list(const char* name, size_t maxSize) const;
  /// The value, or nothing when it is absent or null.
  const nlohmann::json* find(const char* name) const;
  /// The path of a field.
  std::string pathOf(const char* name) const;

 private:
  const nlohmann::json& required(const char* name) const;

  const nlohmann::json& value_;
  std::string path_;
};

/// A JSON object inside a string, as Personalize's `properties` are, or (where `mayBeObject`) as
/// itself. Returns it as text; "" when it is absent. At most `maxChars` characters.
std::string propertiesOf(const ObjectReader& reader, size_t maxChars, bool mayBeObject);

}  // namespace attune::trainer
