#pragma once

#include "runtime/models/transformer.h"
#include "runtime/models/weight_reader.h"

namespace attune {

/// The configuration, checked. Error: CorruptBundle.
Result<TransformerConfig> readTransformerConfig(const Bundle& bundle);

/// Numbers of all layers and the last norm together.
size_t weightCount(const TransformerConfig& config);

/// Reads all layers: bytes with scales become floats. `storage` is filled once and not moved, so
/// that the layers' spans stay valid. Errors: CorruptBundle, OutOfMemory.
Status readTransformerWeights(const Bundle& bundle, const TransformerConfig& config,
                              Buffer<float>& storage, Buffer<TransformerLayer>& layers,
                              std::span<const float>& finalNorm);

}  // namespace attune
