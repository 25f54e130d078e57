#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "runtime/bundle/rows.h"

namespace attune {

/// Unsigned numbers stored in one, two or four bytes each. A view: borrows the bundle's bytes.
class IndexView {
 public:
  IndexView() = default;
  /// REQUIRES: width is 1, 2 or 4; data is aligned to it and holds count numbers
  IndexView(const uint8_t* data, size_t count, uint32_t width)
      : data_(data), count_(count), width_(width) {}

  size_t size() const { return count_; }
  uint32_t operator[](size_t index) const {
    if (width_ == 1) return data_[index];
    if (width_ == 2) return reinterpret_cast<const uint16_t*>(data_)[index];
    return reinterpret_cast<const uint32_t*>(data_)[index];
  }
  /// Calls visit(pointer to the numbers in their own width).
  template <typename Visit>
  void withNumbers(const Visit& visit) const {
    if (width_ == 1) return visit(data_);
    if (width_ == 2) return visit(reinterpret_cast<const uint16_t*>(data_));
    visit(reinterpret_cast<const uint32_t*>(data_));
  }
  /// REQUIRES: begin <= end <= size()
  IndexView slice(size_t begin, size_t end) const {
    return {data_ + begin * width_, end - begin, width_};
  }

 private:
  const uint8_t* data_ = nullptr;
  size_t count_ = 0;
  uint32_t width_ = 1;
};

/// Numbers of one column in whichever type they are stored. A view: borrows the bundle's bytes.
class NumberView {
 public:
  enum class Type : uint8_t { u8, u16, i32, f32, f64 };
  NumberView() = default;
  NumberView(const uint8_t* data, size_t count, Type type)
      : data_(data), count_(count), type_(type) {}

  size_t size() const { return count_; }
  Type type() const { return type_; }
  double operator[](size_t index) const {
    switch (type_) {
      case Type::u8: return data_[index];
      case Type::u16: return reinterpret_cast<const uint16_t*>(data_)[index];
      case Type::i32: return reinterpret_cast<const int32_t*>(data_)[index];
      case Type::f32: return static_cast<double>(reinterpret_cast<const float*>(data_)[index]);
      case Type::f64: return reinterpret_cast<const double*>(data_)[index];
    }
    return 0;
  }
  /// Calls visit(pointer to the numbers in their own type).
  template <typename Visit>
  void withNumbers(const Visit& visit) const {
    switch (type_) {
      case Type::u8: return visit(data_);
      case Type::u16: return visit(reinterpret_cast<const uint16_t*>(data_));
      case Type::i32: return visit(reinterpret_cast<const int32_t*>(data_));
      case Type::f32: return visit(reinterpret_cast<const float*>(data_));
      case Type::f64: return visit(reinterpret_cast<const double*>(data_));
    }
  }

 private:
  const uint8_t* data_ = nullptr;
  size_t count_ = 0;
  Type type_ = Type::u8;
};

/// Strings as one text and where in it they lie. A view: borrows the bundle's bytes.
class StringsView {
 public:
  StringsView() = default;
  /// REQUIRES: offsets has at least one entry, is monotone and ends at text.size()
  StringsView(std::string_view text, std::span<const uint32_t> offsets)
      : StringsView(text, RowsView(offsets)) {}
  /// REQUIRES: the rows' elements are the bytes of the text
  StringsView(std::string_view text, const RowsView& rows) : text_(text), rows_(rows) {}

  uint32_t size() const { return rows_.size(); }
  std::string_view operator[](size_t index) const {
    const auto [begin, end] = rows_[index];
    return text_.substr(begin, end - begin);
  }

 private:
  std::string_view text_;
  RowsView rows_;
};

}  // namespace attune
