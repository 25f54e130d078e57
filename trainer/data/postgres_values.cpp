#include "trainer/data/postgres_values.h"

#include <bit>

namespace attune::trainer {
namespace {

constexpr int32_t kNull = -1;

void append(std::string& bytes, uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<uint8_t>(value >> shift));
}

int widthOf(PostgresType type) {
  switch (type) {
    case PostgresType::boolean:
      return 1;
    case PostgresType::int16:
      return 2;
    case PostgresType::int32:
      return 4;
    default:
      return 8;
  }
}

}  // namespace

PostgresType postgresType(FieldType type) {
  switch (type) {
    case FieldType::string:
      return PostgresType::text;
    case FieldType::int_:
      return PostgresType::int32;
    case FieldType::long_:
      return PostgresType::int64;
    case FieldType::float_:
    case FieldType::double_:
      return PostgresType::real64;
    case FieldType::boolean:
      return PostgresType::boolean;
  }
  return PostgresType::text;
}

std::string_view postgresTypeName(PostgresType type) {
  switch (type) {
    case PostgresType::boolean:
      return "boolean";
    case PostgresType::bytes:
      return "bytea";
    case PostgresType::int64:
      return "bigint";
    case PostgresType::int16:
      return "smallint";
    case PostgresType::int32:
      return "integer";
    case PostgresType::text:
      return "text";
    case PostgresType::real64:
      return "double precision";
    case PostgresType::uuid:
      return "uuid";
  }
  return "text";
}

std::optional<std::string> encodeInteger(PostgresType type, int64_t value) {
  std::string bytes;
  append(bytes, static_cast<uint64_t>(value), widthOf(type));
  return bytes;
}

std::optional<std::string> encodeField(PostgresType type, const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::null:
      return std::nullopt;
    case FieldValue::Kind::integer:
      return encodeInteger(type, value.integer);
    case FieldValue::Kind::real:
      return encodeInteger(PostgresType::int64, std::bit_cast<int64_t>(value.real));
    case FieldValue::Kind::text:
      return std::string(value.text);
  }
  return std::nullopt;
}

void PostgresValues::addNull() { append(bytes_, static_cast<uint32_t>(kNull), 4); }

void PostgresValues::addInteger(PostgresType type, int64_t value) {
  const int width = widthOf(type);
  append(bytes_, static_cast<uint64_t>(width), 4);
  append(bytes_, static_cast<uint64_t>(value), width);
}

void PostgresValues::addReal(double value) {
  addInteger(PostgresType::int64, std::bit_cast<int64_t>(value));
}

void PostgresValues::addBytes(std::string_view value) {
  append(bytes_, value.size(), 4);
  bytes_ += value;
}

void PostgresValues::addField(PostgresType type, const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::null:
      return addNull();
    case FieldValue::Kind::integer:
      return addInteger(type, value.integer);
    case FieldValue::Kind::real:
      return addReal(value.real);
    case FieldValue::Kind::text:
      return addBytes(value.text);
  }
}

void PostgresValues::addCount(int16_t fields) { append(bytes_, static_cast<uint16_t>(fields), 2); }

void PostgresArray::addNull() {
  ++count_;
  hasNull_ = true;
  values_.addNull();
}

void PostgresArray::addInteger(int64_t value) {
  ++count_;
  values_.addInteger(type_, value);
}

void PostgresArray::addReal(double value) {
  ++count_;
  values_.addReal(value);
}

void PostgresArray::addBytes(std::string_view value) {
  ++count_;
  values_.addBytes(value);
}

void PostgresArray::addOptional(std::string_view value) {
  value.empty() ? addNull() : addBytes(value);
}

std::string PostgresArray::encoded() const {
  std::string bytes;
  append(bytes, count_ == 0 ? 0 : 1, 4);  // dimensions
  append(bytes, hasNull_ ? 1 : 0, 4);
  append(bytes, static_cast<uint32_t>(type_), 4);
  if (count_ == 0) return bytes;
  append(bytes, count_, 4);
  append(bytes, 1, 4);  // the first index
  return bytes + values_.bytes();
}

PostgresParameters& PostgresParameters::addText(std::string_view value) {
  values_.emplace_back(std::string(value));
  return *this;
}

PostgresParameters& PostgresParameters::addBytes(std::span<const uint8_t> value) {
  values_.emplace_back(std::string(value.begin(), value.end()));
  return *this;
}

PostgresParameters& PostgresParameters::addInteger(PostgresType type, int64_t value) {
  values_.push_back(encodeInteger(type, value));
  return *this;
}

PostgresParameters& PostgresParameters::addField(PostgresType type, const FieldValue& value) {
  values_.push_back(encodeField(type, value));
  return *this;
}

PostgresParameters& PostgresParameters::addArray(const PostgresArray& array) {
  values_.emplace_back(array.encoded());
  return *this;
}

}  // namespace attune::trainer
