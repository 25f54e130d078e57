#include "trainer/server/json_body.h"

#include <cmath>

#include "trainer/data/utf8.h"
#include "trainer/server/http.h"
#include "trainer/server/limits.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

/// How deep objects and arrays are nested, without parsing: brackets outside of strings.
size_t nesting(std::string_view text) {
  size_t depth = 0;
  size_t deepest = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Json parseBody(std::string_view text) {
  if (nesting(text) > limits::kJsonDepth)
    throw invalidInput("the body nests objects and arrays deeper than " +
                       std::to_string(limits::kJsonDepth) + " levels");
  Json body = Json::parse(text, nullptr, false);
  if (body.is_discarded()) throw invalidInput("the body is not valid JSON in UTF-8");
  if (!body.is_object()) throw invalidInput("the body is not a JSON object");
  return body;
}

std::string readText(const Json& value, const std::string& path, size_t maxChars) {
  if (!value.is_string()) throw invalidInput(path + " must be a string");
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) throw invalidInput(path + " is empty");
  if (text.size() > maxChars && countCharacters(text) > maxChars)
    throw invalidInput(path + " is longer than " + std::to_string(maxChars) + " characters");
  if (text.find('\0') != std::string::npos) throw invalidInput(path + " holds a NUL character");
  return text;
}

ObjectReader::ObjectReader(const Json& value, std::string path)
    : value_(value), path_(std::move(path)) {
  if (!value.is_object()) throw invalidInput(path_ + " must be an object");
}

std::string ObjectReader::pathOf(const char* name) const {
  return path_.empty() ? name : path_ + '.' + name;
}

const Json* ObjectReader::find(const char* name) const {
  const auto found = value_.find(name);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

const Json& ObjectReader::required(const char* name) const {
  const Json* found = find(name);
  if (found == nullptr) throw invalidInput(pathOf(name) + " is missing");
  return *found;
}

std::string ObjectReader::text(const char* name, size_t maxChars) const {
  return readText(required(name), pathOf(name), maxChars);
}

std::string ObjectReader::optionalText(const char* name, size_t maxChars) const {
  const Json* found = find(name);
  return found == nullptr ? "" : readText(*found, pathOf(name), maxChars);
}

double ObjectReader::number(const char* name) const {
  const Json& value = required(name);
  if (!value.is_number()) throw invalidInput(pathOf(name) + " must be a number");
  const double number = value.get<double>();
  if (!std::isfinite(number)) throw invalidInput(pathOf(name) + " is out of range");
  return number;
}

std::optional<double> ObjectReader::optionalNumber(const char* name) const {
  if (find(name) == nullptr) return std::nullopt;
  return number(name);
}

const Json& ObjectReader::list(const char* name, size_t maxSize) const {
  const Json& value = required(name);
  if (!value.is_array()) throw invalidInput(pathOf(name) + " must be an array");
  if (value.empty() || value.size() > maxSize)
    throw invalidInput(pathOf(name) + " must hold 1 to " + std::to_string(maxSize) +
                       " entries, and holds " + std::to_string(value.size()));
  return value;
}

std::string propertiesOf(const ObjectReader& reader, size_t maxChars, bool mayBeObject) {
  const Json* given = reader.find("properties");
  if (given == nullptr) return "";
  const std::string path = reader.pathOf("properties");
  std::string text;
  if (given->is_object() && mayBeObject)
    text = given->dump();
  else
    text = reader.text("properties", maxChars);
  if (countCharacters(text) > maxChars)
    throw invalidInput(path + " is longer than " + std::to_string(maxChars) + " characters");
  if (nesting(text) > limits::kJsonDepth)
    throw invalidInput(path + " nests deeper than " + std::to_string(limits::kJsonDepth) +
                       " levels");
  if (!given->is_object() && !Json::parse(text, nullptr, false).is_object())
    throw invalidInput(path + " must be a JSON object" + (mayBeObject ? "" : " in a string"));
  return text;
}

}  // namespace attune::trainer
