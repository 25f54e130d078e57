#pragma once

#include "runtime/models/transformer.h"

namespace attune {

/// The configuration, checked. Error: CorruptBundle.
Result<TransformerConfig> readTransformerConfig(const Bundle& bundle);

/// Numbers of all layers and the last norm together.
size_t weightCount(const TransformerConfig& config);

/// Reads all layers. Errors: CorruptBundle, OutOfMemory.
Status readTransformerWeights(const Bundle& bundle, const TransformerConfig& config,
                              WeightStorage& storage, Buffer<TransformerLayer>& layers,
                              std::span<const float>& finalNorm);

}  // namespace attune
