#if defined(__x86_64__)

#include "trainer/nn/cross_entropy_kernel.h"
#include "trainer/nn/simd_avx512.h"

#pragma GCC target("avx512bf16")

#include "trainer/nn/cross_entropy_kernel_body.h"

namespace attune::trainer {
namespace {

static_assert(kPanelVectors == 4 && Simd::kLanes == 16);

__m256i toBf16(Simd::Vector x) { return (__m256i)_mm512_cvtneps_pbh(x); }

__m512i widen(__m256i bf16) { return _mm512_cvtepu16_epi32(bf16); }

/// Exponentials of one row, added to its sums.
void exponentialsOfRow(const float* row, float max, float* sums, Simd::Vector* e) {
  const Simd::Vector largest = Simd::broadcast(max);
  Simd::Vector sum = Simd::load(sums);
#pragma GCC unroll 4
  for (size_t j = 0; j < kPanelVectors; ++j) {
    e[j] = exponential(Simd::subtract(Simd::load(row + j * Simd::kLanes), largest));
    sum = Simd::add(sum, e[j]);
  }
  Simd::store(sums, sum);
}

void exponentialsToBf16(const LogitPanel& panel, const float* max, float* sums) {
  for (size_t t = 0; t < panel.rows; t += 2) {
    float* const rows[2] = {panel.data + t * kPanelWidth, panel.data + (t + 1) * kPanelWidth};
    Simd::Vector e[2][kPanelVectors];
    for (size_t i = 0; i < 2; ++i) {
      exponentialsOfRow(rows[i], max[t + i], sums + (t + i) * Simd::kLanes, e[i]);
    }
#pragma GCC unroll 4
    for (size_t j = 0; j < kPanelVectors; ++j) {
      const __m256i even = toBf16(e[0][j]), odd = toBf16(e[1][j]);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(rows[0]) + j, even);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(rows[1]) + j, odd);
      const __m512i pairs = _mm512_or_si512(widen(even), _mm512_slli_epi32(widen(odd), 16));
      float* const to = rows[j / 2] + kPanelWidth / 2 + j % 2 * Simd::kLanes;
      _mm512_storeu_si512(to, pairs);
    }
  }
}

void addWeightedBf16Rows(const LogitPanel& panel, const float* scale, float* out) {
  for (size_t t = 0; t < panel.rows; ++t) {
    const auto* const row = reinterpret_cast<const __m256i*>(panel.data + t * kPanelWidth);
    const Simd::Vector factor = Simd::broadcast(scale[t]);
    for (size_t j = 0; j < kPanelVectors; ++j) {
      const __m512i bits = _mm512_slli_epi32(widen(_mm256_loadu_si256(row + j)), 16);
      float* const to = out + j * Simd::kLanes;
      Simd::store(to, Simd::multiplyAdd(factor, _mm512_castsi512_ps(bits), Simd::load(to)));
    }
  }
}

}  // namespace

const CrossEntropyKernel kBf16CrossEntropy = {.lanes = Simd::kLanes,
                                              .addBiasAndMax = addBiasAndMax,
                                              .exponentials = exponentialsToBf16,
                                              .addWeightedRows = addWeightedBf16Rows};

}  // namespace attune::trainer

#endif
