#pragma once

#include <cstddef>

#include "trainer/nn/cpu.h"

namespace attune::trainer {

/// A product with one panel of B: c (rows, columns) = alpha a (rows, k) b (k, columns) + beta c.
struct PanelProduct {
  size_t rows = 0;
  size_t columns = 0;  ///< 1 to GemmKernel::panelWidth
  size_t k = 0;
  const float* a = nullptr;  ///< element (i, p) is a[i * aRowStride + p * aColumnStride]
  size_t aRowStride = 0;
  size_t aColumnStride = 1;
  /// Row p begins at b + p * bStride and can be read up to the next multiple of `lanes` columns.
  const float* b = nullptr;
  size_t bStride = 0;
  float* c = nullptr;
  size_t cStride = 0;
  float alpha = 1;
  float beta = 0;
};

/// The part of the matrix product that is written for each instruction set.
struct GemmKernel {
  size_t lanes = 0;       ///< floats in a vector
  size_t panelWidth = 0;  ///< columns that are summed together
  void (*multiply)(const PanelProduct& product) = nullptr;
};

/// The kernel of instructionSet().
const GemmKernel& gemmKernel();

/// The same over pairs of bfloat16: every float of a and b stands for two neighbours along k (the
/// first in the lower half), and k and aColumnStride count pairs. c, alpha and beta are floats.
/// REQUIRES: hasBf16Products().
const GemmKernel& bf16GemmKernel();

extern const GemmKernel kPortableGemm;
#if defined(__x86_64__)
extern const GemmKernel kAvx2Gemm;
extern const GemmKernel kAvx512Gemm;
extern const GemmKernel kBf16Gemm;
#endif

}  // namespace attune::trainer
