#pragma once

#include <immintrin.h>

#include <cstddef>

// Included last, and only by the kernel sources: everything after this line may use AVX-512, and an
// inline function of another header compiled here could be the copy that every processor gets.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in g++ 12's own header (its bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")

namespace attune::trainer {
namespace {

/// Sixteen floats.
struct Simd {
  using Vector = __m512;
  static constexpr size_t kLanes = 16;
  static constexpr size_t kTileRows = 6;  // 6 x 4 sums, 4 loads and a broadcast: 29 registers
  static constexpr size_t kTileVectors = 4;

  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector broadcast(float x) { return _mm512_set1_ps(x); }
  static Vector load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Vector x) { _mm512_storeu_ps(to, x); }
  static Vector loadPart(const float* from, size_t count) {
    return _mm512_maskz_loadu_ps(firstLanes(count), from);
  }
  static void storePart(float* to, Vector x, size_t count) {
    _mm512_mask_storeu_ps(to, firstLanes(count), x);
  }
  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  /// a * b + c.
  static Vector multiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  /// The larger; b where either is NaN.
  static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  /// The nearest whole number. REQUIRES: |x| < 2^22.
  static Vector round(Vector x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  /// x * 2^n. REQUIRES: n whole, -126 <= n <= 0.
  static Vector scale(Vector x, Vector n) { return _mm512_scalef_ps(x, n); }
  /// x, or 0 where limit is above `from`; x where either is NaN.
  static Vector zeroBelow(Vector x, Vector from, Vector limit) {
    return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(from, limit, _CMP_LT_OQ), zero());
  }

 private:
  static __mmask16 firstLanes(size_t count) { return static_cast<__mmask16>((1u << count) - 1); }
};

}  // namespace
}  // namespace attune::trainer
