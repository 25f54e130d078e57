#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/base/memory.h"

namespace attune {

/// Rows of numbers by codes of 4 bits, one for four numbers each (product quantisation, Jegou, Douze
/// and Schmid 2011): half a byte where ByteRows have four. A code names one of 16 points, which all
/// rows share, and a row has a scale: number i of row r is about scales[r] x coordinate i of its
/// points. A view.
struct CodedRows {
  /// In blocks of 16 rows, the last one filled up with zeros: (blocks, columns, 16). A column has two
  /// codes of each row, the lower four bits for the numbers before those of the upper four.
  std::span<const uint8_t> codes;
  std::span<const float> scales;  ///< (rows)
  size_t columns = 0;             ///< even

  static constexpr size_t kBlock = 16, kPoints = 16, kWidth = 4;
  size_t rows() const { return scales.size(); }
  /// Columns of vectors of a dimension; numbers beyond it count as 0.
  static size_t columnsOf(size_t dimension) { return (dimension + 15) / 16 * 2; }
  static size_t bytesOf(size_t rows, size_t columns) {
    return (rows + kBlock - 1) / kBlock * kBlock * columns;
  }
};

/// The products of a query with all points, each as a number from 0 to 63.
struct CodeTables {
  Buffer<uint8_t> entries;  // (2 x columns, 16)
  float step = 0;           // of an entry
  float base = 0;           // of a row whose entries are all 0

  /// `points` has for each four numbers 16 points of four: (2 x columns, 16, 4). Error: OutOfMemory.
  /// REQUIRES: vector.size() <= 8 x columns
  Status set(std::span<const float> vector, std::span<const float> points);
};

/// Whether this machine has instructions for it.
bool hasCodeKernel();

/// out[r] = scales[r] x (base + step x the sum of the entries that row r's codes name), which is
/// about the row's product with the query. Sums are of whole numbers, so equal however they are made.
/// REQUIRES: out.size() == rows.rows()
void scanCodes(const CodedRows& rows, const CodeTables& tables, std::span<float> out);

/// The same without SIMD.
void scanCodesPlainly(const CodedRows& rows, const CodeTables& tables, std::span<float> out);

}  // namespace attune
