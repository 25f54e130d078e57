#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/avro_schema.h"
#include "trainer/data/rows.h"

namespace attune::trainer {

/// Limits of Personalize on the values of a column, in characters.
inline constexpr size_t kMaxIdChars = 256;          ///< USER_ID, ITEM_ID, EVENT_TYPE
inline constexpr size_t kMaxStringChars = 1000;     ///< other strings
inline constexpr size_t kMaxTextualChars = 20'000;  ///< textual: the rest is cut off

/// Why a row was refused.
struct RowDefect {
  size_t field = 0;    ///< index into AvroSchema::fields
  std::string reason;  ///< without the column's name
};

/// Turns the texts of a CSV record into typed values and checks each of them. Text is taken byte
/// for byte: no trimming, no normalisation. For one thread.
class RowParser {
 public:
  /// `nowSeconds` (since 1970) bounds TIMESTAMP: at most a day ahead of it.
  RowParser(const AvroSchema& schema, int64_t nowSeconds);

  /// Parses one record into values(). REQUIRES: fields.size() == schema.fields.size().
  std::optional<RowDefect> parse(std::span<const std::string_view> fields);
  /// The last row parsed; its texts are views into the fields given to parse().
  std::span<const FieldValue> values() const { return values_; }
  /// How many textual values were longer than Personalize reads, and so were cut.
  uint64_t textsCut() const { return textsCut_; }

 private:
  enum class Role : uint8_t { plain, id, textual, timestamp, creationTimestamp };
  struct FieldRule {
    FieldType type;
    bool nullable;
    Role role;
    std::string name;
  };
  using Reason = std::string;  // empty: the value is good

  static Role roleOf(const SchemaField& field, DatasetType type);
  Reason parseField(const FieldRule& rule, std::string_view text, FieldValue& value);
  Reason parseText(const FieldRule& rule, std::string_view text, FieldValue& value);
  Reason parseInteger(const FieldRule& rule, std::string_view text, FieldValue& value) const;
  Reason checkTimestamp(Role role, int64_t seconds) const;

  std::vector<FieldRule> rules_;
  int64_t latestSeconds_;
  std::vector<FieldValue> values_;
  uint64_t textsCut_ = 0;
};

}  // namespace attune::trainer
