#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace attune::trainer {

/// The 16 bits of the bfloat16 nearest to x (ties to even); NaN stays NaN.
inline uint32_t bf16Bits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (std::isnan(x)) return 0x7fc0;
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

/// Two bfloat16 in the place of one float, as the bf16 kernel reads them.
inline void storeBf16Pair(float* to, float first, float second) {
  const uint32_t bits = bf16Bits(first) | bf16Bits(second) << 16;
  std::memcpy(to, &bits, sizeof bits);
}

}  // namespace attune::trainer
