#pragma once

#include <cstdint>

#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// Which mask: the numbers are a function of these, the token's index and the column, so neither
/// the threads nor how a batch is cut can change it, and the way back makes the same mask again.
struct DropoutMask {
  uint64_t seed = 0;
  uint64_t step = 0;
  uint32_t place = 0;  ///< which dropout of the model
  float rate = 0;      ///< chance of a number to become 0; 0 does nothing

  /// Sets numbers to 0 and multiplies the others by 1 / (1 - rate), in place; row i is token
  /// firstToken + i. The same call on a gradient is the way back. The rate is kept to within 2^-16.
  void apply(Matrix values, uint64_t firstToken) const;
};

}  // namespace attune::trainer
