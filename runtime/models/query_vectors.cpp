#include "runtime/models/query_vectors.h"

#include "runtime/base/math.h"
#include "runtime/bundle/query_columns.h"

namespace attune {

Result<QueryVectors> QueryVectors::open(const Bundle& bundle, size_t dimension,
                                        float largestWeight) {
  QueryVectors result;
  result.dimension_ = dimension;
  if (bundle.has(SectionKind::StartVector)) {
    const auto start = bundle.floats(SectionKind::StartVector, dimension, 0, largestWeight);
    ATTUNE_TRY(start);
    result.start_ = start.value();
  }
  const auto columns = QueryColumns::open(bundle);
  ATTUNE_TRY(columns);
  const size_t rows = columns.value().rowCount();
  if (rows == 0) return result;
  if (!bundle.has(SectionKind::QueryVectorScales)) {
    const auto floats =
        bundle.floats(SectionKind::QueryVectors, rows * dimension, 0, largestWeight);
    ATTUNE_TRY(floats);
    result.floats_ = floats.value();
    return result;
  }
  const auto bytes = bundle.signedBytes(SectionKind::QueryVectors, rows * dimension);
  ATTUNE_TRY(bytes);
  const auto scales =
      bundle.floats(SectionKind::QueryVectorScales, rows, 0, largestWeight / 128);
  ATTUNE_TRY(scales);
  result.bytes_ = bytes.value();
  result.scales_ = scales.value();
  return result;
}

void QueryVectors::addTo(std::span<float> vector, std::span<const uint32_t> rows) const {
  for (const uint32_t row : rows) {
    if (bytes_.empty()) {
      axpy(1, floats_.subspan(row * dimension_, dimension_), vector);
      continue;
    }
    const std::span<const int8_t> bytes = bytes_.subspan(row * dimension_, dimension_);
    for (size_t i = 0; i < dimension_; ++i)
      vector[i] += scales_[row] * static_cast<float>(bytes[i]);
  }
}

}  // namespace attune
