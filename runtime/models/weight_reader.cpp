#include "runtime/models/weight_reader.h"

namespace attune {

Status WeightReader::vector(SectionKind kind, size_t count, std::span<const float>& out) {
  const auto floats = bundle_.floats(kind, count, layer_, kLargestWeight);
  ATTUNE_TRY(floats);
  out = floats.value();
  return {};
}

Status WeightReader::matrix(SectionKind kind, size_t rows, size_t columns,
                            std::span<const float>& out) {
  const auto scalesKind = static_cast<SectionKind>(static_cast<uint16_t>(kind) + 1);
  if (!bundle_.has(scalesKind, layer_)) return vector(kind, rows * columns, out);
  const auto bytes = bundle_.signedBytes(kind, rows * columns, layer_);
  ATTUNE_TRY(bytes);
  const auto scales = bundle_.floats(scalesKind, rows, layer_, kLargestWeight / 128);
  ATTUNE_TRY(scales);
  Buffer<float>& floats = storage_.floats;
  ATTUNE_TRY(floats.reserve(storage_.most));
  const size_t begin = floats.size();
  ATTUNE_TRY(floats.resize(begin + rows * columns));
  for (size_t i = 0; i < rows * columns; ++i)
    floats[begin + i] = scales.value()[i / columns] * static_cast<float>(bytes.value()[i]);
  out = floats.span().subspan(begin);
  return {};
}

}  // namespace attune
