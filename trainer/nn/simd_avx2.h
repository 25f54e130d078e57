#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// Included last, and only by the kernel sources: see simd_avx512.h.
#pragma GCC target("avx2,fma")

namespace attune::trainer {
namespace {

/// The first lanes of a vector, as a mask: eight of -1, then eight of 0.
constexpr int32_t kFirstLanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

/// Eight floats.
struct Simd {
  using Vector = __m256;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kTileRows = 6;  // 6 x 2 sums, 2 loads and a broadcast: 15 registers
  static constexpr size_t kTileVectors = 2;

  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector broadcast(float x) { return _mm256_set1_ps(x); }
  static Vector load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Vector x) { _mm256_storeu_ps(to, x); }
  static Vector loadPart(const float* from, size_t count) {
    return _mm256_maskload_ps(from, firstLanes(count));
  }
  static void storePart(float* to, Vector x, size_t count) {
    _mm256_maskstore_ps(to, firstLanes(count), x);
  }
  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector multiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  static Vector round(Vector x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vector scale(Vector x, Vector n) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
  }
  static Vector zeroBelow(Vector x, Vector from, Vector limit) {
    return _mm256_andnot_ps(_mm256_cmp_ps(from, limit, _CMP_LT_OQ), x);
  }

 private:
  static __m256i firstLanes(size_t count) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirstLanes + 8 - count));
  }
};

}  // namespace
}  // namespace attune::trainer
