#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/memory.h"
#include "runtime/bundle/bundle.h"

namespace attune {

/// No weight of a trained model comes near it, and with it no sum of products can leave the floats.
constexpr float kLargestWeight = 1e3f;

/// The weights that are bytes in the bundle, as floats.
struct WeightStorage {
  /// As many as a model can have. With the first one there is room for so many, so that none is moved.
  size_t most = 0;
  Buffer<float> floats;
};

/// Reads weights of one layer as floats and gives back where they lie: in the bundle, or, if they are bytes
/// there, in storage, to which they are appended. Errors: CorruptBundle, OutOfMemory.
class WeightReader {
 public:
  WeightReader(const Bundle& bundle, uint32_t layer, WeightStorage& storage)
      : bundle_(bundle), layer_(layer), storage_(storage) {}

  Status vector(SectionKind kind, size_t count, std::span<const float>& out);
  /// A matrix whose scales, if it has any, are the section kind after its own.
  Status matrix(SectionKind kind, size_t rows, size_t columns, std::span<const float>& out);

 private:
  const Bundle& bundle_;
  uint32_t layer_;
  WeightStorage& storage_;
};

}  // namespace attune
