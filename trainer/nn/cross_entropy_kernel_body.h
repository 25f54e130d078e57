#pragma once

// The loss kernel over `Simd`, which the including source has chosen. It stays out of the standard
// library, for the reason given in simd_avx512.h.

#include "trainer/nn/cross_entropy_kernel.h"

namespace attune::trainer {
namespace {

constexpr size_t kPanelVectors = Simd::kTileVectors;
constexpr size_t kPanelWidth = Simd::kTileVectors * Simd::kLanes;

void addBiasAndMax(const LogitPanel& panel, const float* bias, float* max) {
  Simd::Vector biases[kPanelVectors];
  for (size_t j = 0; j < kPanelVectors; ++j) {
    biases[j] = bias == nullptr ? Simd::zero() : Simd::load(bias + j * Simd::kLanes);
  }
  float* row = panel.data;
  for (size_t i = 0; i < panel.rows; ++i, row += kPanelWidth, max += Simd::kLanes) {
    Simd::Vector largest = Simd::load(max);
    for (size_t j = 0; j < kPanelVectors; ++j) {
      Simd::Vector x = Simd::load(row + j * Simd::kLanes);
      if (bias != nullptr) {
        x = Simd::add(x, biases[j]);
        Simd::store(row + j * Simd::kLanes, x);
      }
      largest = Simd::max(x, largest);
    }
    Simd::store(max, largest);
  }
}

/// e^x for x <= 0, cut off at -60: e^x = 2^n e^r with n whole and |r| <= log(2) / 2, and e^r by a
/// polynomial of degree 6 through Chebyshev's points (relative error 1.1e-8 before rounding).
Simd::Vector exponential(Simd::Vector x) {
  const Simd::Vector smallest = Simd::broadcast(-60.0F);
  const Simd::Vector inRange = Simd::max(smallest, x);  // x where it is NaN
  const Simd::Vector n = Simd::round(Simd::multiply(inRange, Simd::broadcast(1.44269504F)));
  Simd::Vector r = Simd::multiplyAdd(n, Simd::broadcast(-0.693359375F), inRange);
  r = Simd::multiplyAdd(n, Simd::broadcast(2.12194440e-4F), r);
  Simd::Vector p = Simd::broadcast(0.0013926250394F);
  p = Simd::multiplyAdd(p, r, Simd::broadcast(0.0083632329479F));
  p = Simd::multiplyAdd(p, r, Simd::broadcast(0.041666552424F));
  p = Simd::multiplyAdd(p, r, Simd::broadcast(0.16666576266F));
  p = Simd::multiplyAdd(p, r, Simd::broadcast(0.5F));
  p = Simd::multiplyAdd(p, r, Simd::broadcast(1.0F));
  p = Simd::multiplyAdd(p, r, Simd::broadcast(1.0F));
  return Simd::zeroBelow(Simd::scale(p, n), x, smallest);
}

void exponentials(const LogitPanel& panel, const float* max, float* sums) {
  float* row = panel.data;
  for (size_t i = 0; i < panel.rows; ++i, row += kPanelWidth, sums += Simd::kLanes) {
    const Simd::Vector largest = Simd::broadcast(max[i]);
    Simd::Vector sum = Simd::load(sums);
#pragma GCC unroll 4
    for (size_t j = 0; j < kPanelVectors; ++j) {
      const Simd::Vector x = Simd::load(row + j * Simd::kLanes);
      const Simd::Vector e = exponential(Simd::subtract(x, largest));
      Simd::store(row + j * Simd::kLanes, e);
      sum = Simd::add(sum, e);
    }
    Simd::store(sums, sum);
  }
}

void addWeightedRows(const LogitPanel& panel, const float* scale, float* out) {
  Simd::Vector sum[kPanelVectors];
  for (size_t j = 0; j < kPanelVectors; ++j) sum[j] = Simd::load(out + j * Simd::kLanes);
  const float* row = panel.data;
  for (size_t i = 0; i < panel.rows; ++i, row += kPanelWidth) {
    const Simd::Vector factor = Simd::broadcast(scale[i]);
    for (size_t j = 0; j < kPanelVectors; ++j) {
      sum[j] = Simd::multiplyAdd(factor, Simd::load(row + j * Simd::kLanes), sum[j]);
    }
  }
  for (size_t j = 0; j < kPanelVectors; ++j) Simd::store(out + j * Simd::kLanes, sum[j]);
}

constexpr CrossEntropyKernel kSimdCrossEntropy = {.lanes = Simd::kLanes,
                                                  .addBiasAndMax = addBiasAndMax,
                                                  .exponentials = exponentials,
                                                  .addWeightedRows = addWeightedRows};

}  // namespace
}  // namespace attune::trainer
