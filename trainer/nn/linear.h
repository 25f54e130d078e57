#pragma once

#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// y (n, out) = x (n, in) * weight (in, out) + bias (1, out); an empty bias is none.
void linearForward(ConstMatrix x, ConstMatrix weight, ConstMatrix bias, Matrix y);

/// Given dy (n, out): dWeight += x^T dy, dBias += column sums of dy (if not empty), and
/// dx = dy weight^T (if not empty).
void linearBackward(ConstMatrix x, ConstMatrix weight, ConstMatrix dy, Matrix dWeight, Matrix dBias,
                    Matrix dx);

}  // namespace attune::trainer
