#pragma once

#include <cstddef>
#include <span>

namespace attune::trainer {

/// A row-major matrix that somebody else owns: `rows` rows of `columns` numbers, each row beginning
/// `stride` numbers after the one before.
template <typename Number>
struct MatrixView {
  Number* data = nullptr;
  size_t rows = 0;
  size_t columns = 0;
  size_t stride = 0;

  MatrixView() = default;
  MatrixView(Number* start, size_t rowCount, size_t columnCount)
      : MatrixView(start, rowCount, columnCount, columnCount) {}
  MatrixView(Number* start, size_t rowCount, size_t columnCount, size_t rowStride)
      : data(start), rows(rowCount), columns(columnCount), stride(rowStride) {}
  /// Whoever may write may read.
  operator MatrixView<const Number>() const { return {data, rows, columns, stride}; }

  Number* row(size_t index) const { return data + index * stride; }
  std::span<Number> rowSpan(size_t index) const { return {row(index), columns}; }
  MatrixView rowRange(size_t begin, size_t count) const {
    return {row(begin), count, columns, stride};
  }
  MatrixView columnRange(size_t begin, size_t count) const {
    return {data + begin, rows, count, stride};
  }
};

using Matrix = MatrixView<float>;
using ConstMatrix = MatrixView<const float>;

}  // namespace attune::trainer
