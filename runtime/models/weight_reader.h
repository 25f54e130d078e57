#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/memory.h"
#include "runtime/bundle/bundle.h"

namespace attune {

/// No weight of a trained model comes near it, and with it no sum of products can leave the floats.
constexpr float kLargestWeight = 1e3f;

/// Reads weights of one layer as floats. Appends them to storage that has room for all of them, so
/// that it never moves, and gives back where they lie. Errors: CorruptBundle, OutOfMemory.
class WeightReader {
 public:
  WeightReader(const Bundle& bundle, uint32_t layer, Buffer<float>& storage)
      : bundle_(bundle), layer_(layer), storage_(storage) {}

  Status vector(SectionKind kind, size_t count, std::span<const float>& out);
  /// A matrix whose scales, if it has any, are the section kind after its own.
  Status matrix(SectionKind kind, size_t rows, size_t columns, std::span<const float>& out);

 private:
  const Bundle& bundle_;
  uint32_t layer_;
  Buffer<float>& storage_;
};

}  // namespace attune
