#pragma once

// The matrix kernel over `Simd` and `Products`, which the including source has chosen:
// Products::add(a, b, sum) is sum plus the lanes' products. It stays out of the standard library,
// for the reason given in simd_avx512.h.

#include "trainer/nn/gemm_kernel.h"

namespace attune::trainer {
namespace {

/// Sums of kRows x kVectors vectors, held in registers.
template <size_t kRows, size_t kVectors>
struct Tile {
  Simd::Vector sum[kRows][kVectors];

  __attribute__((always_inline)) void accumulate(const PanelProduct& p, size_t row) {
    const float* rows[kRows];
    if (p.beta != 0) prefetch(p, row);
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; ++i) {
      rows[i] = p.a + (row + i) * p.aRowStride;
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; ++j) sum[i][j] = Simd::zero();
    }
    const float* b = p.b;
    for (size_t step = 0, offset = 0; step < p.k; ++step, offset += p.aColumnStride) {
      Simd::Vector columns[kVectors];
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; ++j) columns[j] = Simd::load(b + j * Simd::kLanes);
      b += p.bStride;
#pragma GCC unroll 8
      for (size_t i = 0; i < kRows; ++i) {
        const Simd::Vector a = Simd::broadcast(rows[i][offset]);
#pragma GCC unroll 4
        for (size_t j = 0; j < kVectors; ++j) {
          sum[i][j] = Products::add(a, columns[j], sum[i][j]);
        }
      }
    }
  }

  /// C arrives in the cache while the sums are made.
  __attribute__((always_inline)) static void prefetch(const PanelProduct& p, size_t row) {
    constexpr size_t kLine = 16;  // floats
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; ++i) {
      const float* c = p.c + (row + i) * p.cStride;
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors * Simd::kLanes; j += kLine) __builtin_prefetch(c + j, 1);
    }
  }

  __attribute__((always_inline)) void write(const PanelProduct& p, size_t row) const {
    const Simd::Vector alpha = Simd::broadcast(p.alpha);
    const Simd::Vector beta = Simd::broadcast(p.beta);
    const size_t last = p.columns - (kVectors - 1) * Simd::kLanes;
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; ++i) {
      float* c = p.c + (row + i) * p.cStride;
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; ++j, c += Simd::kLanes) {
        const bool part = j + 1 == kVectors && last != Simd::kLanes;
        Simd::Vector x = Simd::multiply(alpha, sum[i][j]);
        if (p.beta != 0) {
          const Simd::Vector old = part ? Simd::loadPart(c, last) : Simd::load(c);
          x = Simd::multiplyAdd(beta, old, x);
        }
        if (part) {
          Simd::storePart(c, x, last);
        } else {
          Simd::store(c, x);
        }
      }
    }
  }
};

template <size_t kRows, size_t kVectors>
__attribute__((noinline)) void multiplyTile(const PanelProduct& p, size_t row) {
  Tile<kRows, kVectors> tile;
  tile.accumulate(p, row);
  tile.write(p, row);
}

/// The last rows, fewer than a full tile's.
template <size_t kRows, size_t kVectors>
void multiplyRest(const PanelProduct& p, size_t row) {
  if constexpr (kRows > 0) {
    if (p.rows - row == kRows) return multiplyTile<kRows, kVectors>(p, row);
    multiplyRest<kRows - 1, kVectors>(p, row);
  }
}

template <size_t kVectors>
void multiplyRows(const PanelProduct& p) {
  size_t row = 0;
  for (; row + Simd::kTileRows <= p.rows; row += Simd::kTileRows) {
    multiplyTile<Simd::kTileRows, kVectors>(p, row);
  }
  multiplyRest<Simd::kTileRows - 1, kVectors>(p, row);
}

template <size_t kVectors>
void multiplyColumns(const PanelProduct& p) {
  if constexpr (kVectors > 1) {
    if (p.columns <= (kVectors - 1) * Simd::kLanes) return multiplyColumns<kVectors - 1>(p);
  }
  multiplyRows<kVectors>(p);
}

void multiplyPanel(const PanelProduct& p) { multiplyColumns<Simd::kTileVectors>(p); }

constexpr GemmKernel kSimdGemm = {.lanes = Simd::kLanes,
                                  .panelWidth = Simd::kLanes * Simd::kTileVectors,
                                  .multiply = multiplyPanel};

}  // namespace
}  // namespace attune::trainer
