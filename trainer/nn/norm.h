#pragma once

#include <span>

#include "trainer/nn/matrix.h"

// Both norms use the runtime's formulas (runtime/base/math.h): epsilon is added to the mean square
// or variance before the root. Gain and bias are (1, columns).

namespace attune::trainer {

/// y = x / sqrt(mean(x^2) + epsilon) * gain, row by row (Zhang and Sennrich 2019). `scale` (rows)
/// receives each row's factor for the way back. y may be x.
void rmsNormForward(ConstMatrix x, ConstMatrix gain, float epsilon, Matrix y,
                    std::span<float> scale);

/// dx += the gradient by x, dGain += the gradient by gain, given dy and the forward's x and scale.
void rmsNormBackward(ConstMatrix x, ConstMatrix gain, std::span<const float> scale, ConstMatrix dy,
                     Matrix dx, Matrix dGain);

/// What layerNormForward keeps of each row: (rows) both.
struct LayerNormState {
  std::span<float> mean;
  std::span<float> scale;
};

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row (Ba et al. 2016).
void layerNormForward(ConstMatrix x, ConstMatrix gain, ConstMatrix bias, float epsilon, Matrix y,
                      LayerNormState state);

/// dx, dGain and dBias += the gradients, given dy and the forward's x and state.
void layerNormBackward(ConstMatrix x, ConstMatrix gain, LayerNormState state, ConstMatrix dy,
                       Matrix dx, Matrix dGain, Matrix dBias);

}  // namespace attune::trainer
