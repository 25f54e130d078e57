#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace attune::trainer {

/// One typed value of a row. Text is a view: whoever hands out the value says how long it lives.
struct FieldValue {
  enum class Kind : uint8_t { null, integer, real, text };

  Kind kind = Kind::null;
  union {
    /// int, long; boolean as 0 or 1. Of text in a scan: 1 + a number that the store uses for this
    /// text in this field throughout the scan, or 0; it spares looking the text up again.
    int64_t integer = 0;
    double real;  ///< float, double
  };
  std::string_view text;

  static FieldValue ofInteger(int64_t value) {
    FieldValue result;
    result.kind = Kind::integer;
    result.integer = value;
    return result;
  }
  static FieldValue ofReal(double value) {
    FieldValue result;
    result.kind = Kind::real;
    result.real = value;
    return result;
  }
  static FieldValue ofText(std::string_view value) {
    FieldValue result;
    result.kind = Kind::text;
    result.text = value;
    return result;
  }
  bool isNull() const { return kind == Kind::null; }
  /// Same kind and same value, bit by bit for reals.
  bool operator==(const FieldValue& other) const;
};

/// Rows of one schema in the order of its fields, with the text they refer to. Movable, so that it
/// can be filled in one thread and stored in another.
class RowBatch {
 public:
  explicit RowBatch(size_t fieldCount) : fieldCount_(fieldCount) {}
  RowBatch(RowBatch&&) = default;
  RowBatch& operator=(RowBatch&&) = default;

  size_t rowCount() const { return fieldCount_ == 0 ? 0 : values_.size() / fieldCount_; }
  size_t textBytes() const { return textBytes_; }
  std::span<const FieldValue> row(size_t index) const {
    return std::span(values_).subspan(index * fieldCount_, fieldCount_);
  }
  /// Appends a row, copying its text. REQUIRES: row.size() == fieldCount.
  void append(std::span<const FieldValue> row);

 private:
  std::string_view keep(std::string_view text);

  size_t fieldCount_;
  std::vector<FieldValue> values_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* free_ = nullptr;
  size_t freeBytes_ = 0;
  size_t textBytes_ = 0;
};

}  // namespace attune::trainer
