#pragma once

#include "trainer/nn/matrix.h"

// Products of the small matrices inside a layer: one thread, operands that fit the cache. Each
// number of a result is added up in one fixed order, so results do not depend on how the caller
// cuts the rows. The products with the whole catalogue are gemm.h's.

namespace attune::trainer {

/// c (m, n) = a (m, k) * b (k, n).
void multiply(ConstMatrix a, ConstMatrix b, Matrix c);
/// c (m, n) += a (m, k) * b (k, n).
void addMultiply(ConstMatrix a, ConstMatrix b, Matrix c);
/// c (m, n) = a^T * b for a (k, m), b (k, n).
void multiplyLeftTransposed(ConstMatrix a, ConstMatrix b, Matrix c);
/// c (m, n) += a^T * b for a (k, m), b (k, n).
void addMultiplyLeftTransposed(ConstMatrix a, ConstMatrix b, Matrix c);
/// c (m, n) = a * b^T for a (m, k), b (n, k).
void multiplyRightTransposed(ConstMatrix a, ConstMatrix b, Matrix c);
/// c (m, n) += a * b^T for a (m, k), b (n, k).
void addMultiplyRightTransposed(ConstMatrix a, ConstMatrix b, Matrix c);

/// to (c, r) = from (r, c) transposed.
void transpose(ConstMatrix from, Matrix to);

}  // namespace attune::trainer
