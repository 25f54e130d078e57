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

/// The types Attune's tables use, by PostgreSQL's own fixed numbers (catalog pg_type).
enum class PostgresType : uint32_t {
  boolean = 16,
  bytes = 17,
  int64 = 20,
  int16 = 21,
  int32 = 23,
  text = 25,
  real64 = 701,
  uuid = 2950,
};

/// The type of a schema's field, and its name in SQL. Both float and double are `double precision`,
/// so that every value comes back bit by bit.
PostgresType postgresType(FieldType type);
std::string_view postgresTypeName(PostgresType type);

/// A value in PostgreSQL's binary form (big-endian); nothing for null.
std::optional<std::string> encodeInteger(PostgresType type, int64_t value);
std::optional<std::string> encodeField(PostgresType type, const FieldValue& value);

/// Values one after the other, each behind its length, as COPY rows and arrays hold them.
class PostgresValues {
 public:
  void addNull();
  void addInteger(PostgresType type, int64_t value);
  void addReal(double value);
  /// Text, bytea and uuid.
  void addBytes(std::string_view value);
  void addField(PostgresType type, const FieldValue& value);
  void addCount(int16_t fields);  ///< what begins a row of COPY

  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

/// An array parameter of one dimension.
class PostgresArray {
 public:
  explicit PostgresArray(PostgresType type) : type_(type) {}
  void addNull();
  void addInteger(int64_t value);
  void addReal(double value);
  void addBytes(std::string_view value);
  /// Null for an empty text.
  void addOptional(std::string_view value);
  std::string encoded() const;

 private:
  PostgresType type_;
  uint32_t count_ = 0;
  bool hasNull_ = false;
  PostgresValues values_;
};

/// A statement's parameters, $1 first, all in binary form.
class PostgresParameters {
 public:
  PostgresParameters& addText(std::string_view value);
  PostgresParameters& addBytes(std::span<const uint8_t> value);
  PostgresParameters& addInteger(PostgresType type, int64_t value);
  PostgresParameters& addField(PostgresType type, const FieldValue& value);
  PostgresParameters& addArray(const PostgresArray& array);

  const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  std::vector<std::optional<std::string>> values_;
};

}  // namespace attune::trainer
