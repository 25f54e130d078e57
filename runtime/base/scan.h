#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/base/memory.h"

namespace attune {

/// Rows of signed bytes, each with a scale: number i of row r is scales[r] x bytes[r x stride + i].
/// The stride is a multiple of 16; numbers beyond the dimension are 0. A view.
struct ByteRows {
  std::span<const int8_t> bytes;  // (rows, stride)
  std::span<const float> scales;  // (rows)
  size_t stride = 0;

  size_t rows() const { return scales.size(); }
  std::span<const int8_t> row(size_t index) const { return bytes.subspan(index * stride, stride); }
};

/// A vector as 16-bit integers with one scale, so large that no sum of products with bytes can
/// leave 32 bits; padded with 0 to a stride.
struct WideQuery {
  Buffer<int16_t> numbers;  // (stride)
  float scale = 0;          // of a number

  /// Rounds to nearest, ties to even. An all-zero vector has scale 0. Error: OutOfMemory.
  /// REQUIRES: stride >= vector.size(), a multiple of 16
  Status set(std::span<const float> vector, size_t stride);
};

/// How a scan is computed; all give the same bits, for sums of integers do not depend on order.
enum class ScanKernel : uint8_t { scalar, wasmSimd, avx2, avx512 };

/// Whether this machine has the instructions.
bool hasKernel(ScanKernel kernel);

/// out[r] = (scales[r] x query.scale) x sum of row r's bytes x the query's numbers: one score a
/// row, with the fastest kernel there is. REQUIRES: out.size() == rows.rows()
void scanRows(const ByteRows& rows, const WideQuery& query, std::span<float> out);

/// The same with a chosen kernel. REQUIRES: hasKernel(kernel)
void scanRowsWith(ScanKernel kernel, const ByteRows& rows, const WideQuery& query,
                  std::span<float> out);

}  // namespace attune
