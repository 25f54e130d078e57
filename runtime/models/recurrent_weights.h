#pragma once

#include "runtime/models/recurrent.h"

namespace attune {

/// The configuration, checked. Error: CorruptBundle.
Result<RecurrentConfig> readRecurrentConfig(const Bundle& bundle);

/// Reads all weights. Errors: CorruptBundle, OutOfMemory.
Status readRecurrentWeights(const Bundle& bundle, const RecurrentConfig& config,
                            WeightStorage& storage, RecurrentWeights& weights);

}  // namespace attune
