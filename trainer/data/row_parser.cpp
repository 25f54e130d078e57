#include "trainer/data/row_parser.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "trainer/data/utf8.h"

namespace attune::trainer {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kYear1973Seconds = 100'000'000;
constexpr int64_t kYear5138Seconds = 100'000'000'000;  // in milliseconds: March 1973

/// A value for a message: one line, short, valid UTF-8.
std::string shown(std::string_view text) {
  std::string result = "\"";
  for (unsigned char c : text.substr(0, 40)) result += c < 0x20 || c >= 0x7F ? '?' : char(c);
  return result + (text.size() > 40 ? "...\"" : "\"");
}

bool isDigitAt(std::string_view text, size_t at) {
  return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]));
}

bool looksLikeDate(std::string_view text) {
  return text.size() >= 8 && isDigitAt(text, 0) && isDigitAt(text, 1) &&
         (text.find('-', 1) != std::string_view::npos ||
          text.find('/', 1) != std::string_view::npos) &&
         text.find_first_of("eE") == std::string_view::npos;
}

bool hasOuterSpace(std::string_view text) {
  const auto isSpace = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  return isSpace(text.front()) || isSpace(text.back());
}

std::string notANumber(std::string_view text, const char* expected) {
  const std::string what = shown(text) + " is not " + expected;
  if (hasOuterSpace(text)) return what + " (spaces around it)";
  if (text.front() == '+') return what + " (a leading + is not allowed)";
  return what;
}

/// `text` as a T, whole and in range; otherwise the reason.
template <typename T>
std::string parseNumber(std::string_view text, const char* expected, T& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc::result_out_of_range && end == text.data() + text.size())
    return shown(text) + " is out of range for " + expected;
  if (code != std::errc() || end != text.data() + text.size()) return notANumber(text, expected);
  return "";
}

std::string parseReal(std::string_view text, FieldType type, FieldValue& value) {
  double number = 0;
  const bool isFloat = type == FieldType::float_;
  if (std::string reason = parseNumber(text, "a number", number); !reason.empty()) return reason;
  if (!std::isfinite(number)) return shown(text) + " is not a finite number";
  if (isFloat && std::abs(number) > std::numeric_limits<float>::max())
    return shown(text) + " is out of range for a float";
  value = FieldValue::ofReal(number == 0 ? 0.0 : number);  // -0 is 0: equal rows stay equal
  return "";
}

std::string parseBoolean(std::string_view text, FieldValue& value) {
  if (text != "true" && text != "false")
    return shown(text) + " is not a boolean: write true or false in lower case";
  value = FieldValue::ofInteger(text == "true" ? 1 : 0);
  return "";
}

}  // namespace

RowParser::RowParser(const AvroSchema& schema, int64_t nowSeconds)
    : latestSeconds_(nowSeconds + kDaySeconds), values_(schema.fields.size()) {
  for (const SchemaField& field : schema.fields)
    rules_.push_back({field.type, field.nullable, roleOf(field, schema.type), field.name});
}

RowParser::Role RowParser::roleOf(const SchemaField& field, DatasetType type) {
  const bool interactions = type == DatasetType::interactions;
  const auto is = [&](std::string_view name) { return field.name == name; };
  if (is("USER_ID") && type != DatasetType::items) return Role::id;
  if (is("ITEM_ID") && type != DatasetType::users) return Role::id;
  if (is("EVENT_TYPE") && interactions) return Role::id;
  if (is("TIMESTAMP") && interactions) return Role::timestamp;
  if (is("CREATION_TIMESTAMP") && type == DatasetType::items) return Role::creationTimestamp;
  return field.textual ? Role::textual : Role::plain;
}

std::optional<RowDefect> RowParser::parse(std::span<const std::string_view> fields) {
  for (size_t i = 0; i < rules_.size(); ++i) {
    Reason reason = parseField(rules_[i], fields[i], values_[i]);
    if (!reason.empty()) return RowDefect{i, std::move(reason)};
  }
  return std::nullopt;
}

RowParser::Reason RowParser::parseField(const FieldRule& rule, std::string_view text,
                                        FieldValue& value) {
  value = FieldValue();
  if (text.empty())
    return rule.nullable ? "" : "the value is missing, and the column cannot be null";
  switch (rule.type) {
    case FieldType::string:
      return parseText(rule, text, value);
    case FieldType::int_:
    case FieldType::long_:
      return parseInteger(rule, text, value);
    case FieldType::float_:
    case FieldType::double_:
      return parseReal(text, rule.type, value);
    case FieldType::boolean:
      return parseBoolean(text, value);
  }
  return "";
}

RowParser::Reason RowParser::parseText(const FieldRule& rule, std::string_view text,
                                       FieldValue& value) {
  const std::optional<size_t> characters = utf8Length(text);
  if (!characters) return "the text is not valid UTF-8";
  if (text.find('\0') != std::string_view::npos) return "the text holds a NUL character";
  if (rule.role == Role::textual && *characters > kMaxTextualChars) {
    text = firstCharacters(text, kMaxTextualChars);
    ++textsCut_;
  } else if (const size_t limit = rule.role == Role::id ? kMaxIdChars : kMaxStringChars;
             rule.role != Role::textual && *characters > limit) {
    return "Length cannot be more than " + std::to_string(limit) + " characters for " + rule.name;
  }
  value = FieldValue::ofText(text);
  return "";
}

RowParser::Reason RowParser::parseInteger(const FieldRule& rule, std::string_view text,
                                          FieldValue& value) const {
  int64_t number = 0;
  const bool isInt = rule.type == FieldType::int_;
  const bool isTime = rule.role == Role::timestamp || rule.role == Role::creationTimestamp;
  const char* expected = isTime  ? "a whole number of seconds since 1970"
                         : isInt ? "a whole number (int)"
                                 : "a whole number (long)";
  if (Reason reason = parseNumber(text, expected, number); !reason.empty())
    return isTime && looksLikeDate(text) ? reason + " (a date: convert it)" : reason;
  if (isInt && (number > std::numeric_limits<int32_t>::max() ||
                number < std::numeric_limits<int32_t>::min()))
    return shown(text) + " is out of range for " + expected;
  if (isTime)
    if (Reason reason = checkTimestamp(rule.role, number); !reason.empty()) return reason;
  value = FieldValue::ofInteger(number);
  return "";
}

RowParser::Reason RowParser::checkTimestamp(Role role, int64_t seconds) const {
  // A catalogue may name items of the future; only what cannot be seconds is refused there.
  const int64_t latest = role == Role::timestamp ? latestSeconds_ : kYear5138Seconds;
  if (seconds >= 0 && seconds <= latest) return "";
  const std::string text = std::to_string(seconds);
  if (seconds < 0) return text + " is before 1970: seconds since 1970 are expected";
  struct Unit {
    int64_t perSecond;
    const char* name;
  };
  for (const Unit unit : std::array<Unit, 3>{
           {{1000, "milliseconds"}, {1'000'000, "microseconds"}, {1'000'000'000, "nanoseconds"}}})
    if (seconds / unit.perSecond >= kYear1973Seconds && seconds / unit.perSecond <= latestSeconds_)
      return text + " looks like " + unit.name + ": seconds since 1970 are expected";
  return text + " is more than a day in the future: seconds since 1970 are expected";
}

}  // namespace attune::trainer
