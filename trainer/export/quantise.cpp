#include "trainer/export/quantise.h"

#include <algorithm>
#include <cmath>

namespace attune::trainer {

QuantisedRows quantiseRows(std::span<const float> rows, size_t columns, size_t stride) {
  const size_t count = rows.size() / columns;
  QuantisedRows result;
  result.bytes.resize(count * stride);
  for (size_t r = 0; r < count; ++r) {
    const std::span<const float> row = rows.subspan(r * columns, columns);
    float largest = 0;
    for (const float x : row) largest = std::max(largest, std::fabs(x));
    const float scale = largest / 127.0f;
    result.scales.push_back(scale);
    if (!(scale > 0)) continue;
    for (size_t i = 0; i < columns; ++i)
      result.bytes[r * stride + i] = static_cast<int8_t>(std::lround(row[i] / scale));
  }
  return result;
}

void addMatrix(SectionKind kind, std::span<const float> matrix, size_t columns, size_t stride,
               BundlePrecision precision, uint32_t column, BundleBuilder& bundle) {
  if (precision == BundlePrecision::float32) return bundle.add(kind, matrix, column);
  const QuantisedRows rows = quantiseRows(matrix, columns, stride);
  bundle.add(kind, rows.bytes, column);
  bundle.add(static_cast<SectionKind>(static_cast<uint16_t>(kind) + 1), rows.scales, column);
}

}  // namespace attune::trainer
