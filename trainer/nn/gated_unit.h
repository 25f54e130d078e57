#pragma once

#include "trainer/nn/matrix.h"

// Gated activations (Shazeer 2020): of x (n, 2 f) the first f columns are the gate, the others what
// passes it.

namespace attune::trainer {

/// y (n, f) = silu(gate) * passed, silu(g) = g / (1 + e^-g): SwiGLU.
void swishGateForward(ConstMatrix x, Matrix y);
/// dx (n, 2 f) = the gradient by x, given dy (n, f). dx may be x.
void swishGateBackward(ConstMatrix x, ConstMatrix dy, Matrix dx);

}  // namespace attune::trainer
