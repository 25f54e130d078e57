#include "trainer/nn/gated_unit.h"

#include "trainer/nn/vectorised.h"

namespace attune::trainer {

ATTUNE_VECTORISED
void swishGateForward(ConstMatrix x, Matrix y) {
  for (size_t i = 0; i < x.rows; ++i) {
    const float* gate = x.row(i);
    const float* passed = gate + y.columns;
    float* to = y.row(i);
    for (size_t j = 0; j < y.columns; ++j) to[j] = gate[j] * fastSigmoid(gate[j]) * passed[j];
  }
}

ATTUNE_VECTORISED
void swishGateBackward(ConstMatrix x, ConstMatrix dy, Matrix dx) {
  const size_t width = dy.columns;
  for (size_t i = 0; i < x.rows; ++i) {
    const float* from = x.row(i);
    const float* up = dy.row(i);
    float* to = dx.row(i);
    for (size_t j = 0; j < width; ++j) {
      const float gate = from[j], passed = from[j + width];
      const float open = fastSigmoid(gate);
      to[j] = up[j] * passed * open * (1.0f + gate * (1.0f - open));
      to[j + width] = up[j] * gate * open;
    }
  }
}

}  // namespace attune::trainer
