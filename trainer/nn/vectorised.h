#pragma once

#include <bit>
#include <cstdint>

/// For functions whose loops the compiler turns into SIMD: built for AVX-512, AVX2 and any x86-64,
/// chosen when the program starts. All three give the same bits: nothing is fused or reordered.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define ATTUNE_VECTORISED \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define ATTUNE_VECTORISED
#endif

/// Inlined into ATTUNE_VECTORISED functions, so that it is built for their instruction set.
#define ATTUNE_INLINE inline __attribute__((always_inline))

namespace attune::trainer {

/// e^x without branches, so that loops over it become SIMD; relative error below 3e-7. x is first
/// brought into [-87, 88]; NaN stays NaN.
ATTUNE_INLINE float fastExp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const float shifted = x * 1.44269504f + magic;
  const float n = shifted - magic;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  // The low bits of `shifted` are n; added to the exponent they multiply by 2^n.
  const uint32_t exponent = std::bit_cast<uint32_t>(shifted) << 23;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(p) + exponent);
}

/// 1 / (1 + e^-x).
ATTUNE_INLINE float fastSigmoid(float x) { return 1.0f / (1.0f + fastExp(-x)); }

/// Hyperbolic tangent; absolute error below 3e-7.
ATTUNE_INLINE float fastTanh(float x) { return 2.0f * fastSigmoid(2.0f * x) - 1.0f; }

/// Partial sums in 16 lanes, added in a fixed tree: the order that vector units like, the same for
/// all of them.
struct LaneSum {
  float lane[16] = {};
  ATTUNE_INLINE float total() const {
    float eight[8], four[4];
    for (int i = 0; i < 8; ++i) eight[i] = lane[i] + lane[i + 8];
    for (int i = 0; i < 4; ++i) four[i] = eight[i] + eight[i + 4];
    return (four[0] + four[2]) + (four[1] + four[3]);
  }
};

/// Sum of a[i] * b[i] over `count` numbers in LaneSum's order.
ATTUNE_INLINE float laneDot(const float* a, const float* b, size_t count) {
  LaneSum sum;
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
    for (size_t j = 0; j < 16; ++j) sum.lane[j] += a[i + j] * b[i + j];
  for (size_t i = whole; i < count; ++i) sum.lane[i - whole] += a[i] * b[i];
  return sum.total();
}

/// Sum of `count` numbers in LaneSum's order.
ATTUNE_INLINE float laneSum(const float* a, size_t count) {
  LaneSum sum;
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
    for (size_t j = 0; j < 16; ++j) sum.lane[j] += a[i + j];
  for (size_t i = whole; i < count; ++i) sum.lane[i - whole] += a[i];
  return sum.total();
}

}  // namespace attune::trainer
