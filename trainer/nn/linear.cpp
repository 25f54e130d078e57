#include "trainer/nn/linear.h"

#include "trainer/nn/product.h"
#include "trainer/nn/vectorised.h"

namespace attune::trainer {

ATTUNE_VECTORISED
void linearForward(ConstMatrix x, ConstMatrix weight, ConstMatrix bias, Matrix y) {
  multiply(x, weight, y);
  if (bias.columns == 0) return;
  for (size_t i = 0; i < y.rows; ++i)
    for (size_t j = 0; j < y.columns; ++j) y.row(i)[j] += bias.data[j];
}

ATTUNE_VECTORISED
void linearBackward(ConstMatrix x, ConstMatrix weight, ConstMatrix dy, Matrix dWeight, Matrix dBias,
                    Matrix dx) {
  addMultiplyLeftTransposed(x, dy, dWeight);
  if (dBias.columns > 0)
    for (size_t i = 0; i < dy.rows; ++i)
      for (size_t j = 0; j < dy.columns; ++j) dBias.data[j] += dy.row(i)[j];
  if (dx.rows > 0) multiplyRightTransposed(dy, weight, dx);
}

}  // namespace attune::trainer
