#pragma once

#include "runtime/models/recurrent.h"

namespace attune {

/// The configuration, checked. Error: CorruptBundle.
Result<RecurrentConfig> readRecurrentConfig(const Bundle& bundle);

/// Reads all weights: bytes with scales become floats. `storage` is filled once and not moved, so
/// that the spans stay valid. Errors: CorruptBundle, OutOfMemory.
Status readRecurrentWeights(const Bundle& bundle, const RecurrentConfig& config,
                            Buffer<float>& storage, RecurrentWeights& weights);

}  // namespace attune
