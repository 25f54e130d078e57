#pragma once

#include <cstddef>

#include "trainer/nn/gemm_threads.h"

namespace attune::trainer {

/// C is (m, n); op(A) is (m, k); op(B) is (k, n).
struct GemmShape {
  size_t m = 0;
  size_t n = 0;
  size_t k = 0;
};

/// A row-major factor; `stride` is the distance between its stored rows, in floats. When
/// `transposed`, what is stored is the transpose of what is multiplied: A is stored (k, m), B (n,
/// k).
struct GemmInput {
  const float* data = nullptr;
  size_t stride = 0;
  bool transposed = false;
};

/// The row-major result: C = alpha op(A) op(B) + beta C. With beta = 0, C is not read, so it may
/// hold anything, NaN included.
struct GemmOutput {
  float* data = nullptr;
  size_t stride = 0;
  float alpha = 1;
  float beta = 0;
};

/// Single-precision matrix product.
///
/// On one instruction set (cpu.h) the bits of the result depend on the arguments alone, not on the
/// number of threads: every element is summed over k in the same blocks, in order; a product with
/// long k and a small result (a weight gradient) is cut into a number of pieces that depends on the
/// shape alone, and these are added in order. Between instruction sets the last bits differ.
/// NaN and infinity spread as in the sums. k = 0 leaves beta C.
///
/// Thread-safe, and without `threads` to be called from inside parallel work (one attention head);
/// scratch is kept for each calling thread.
///
/// REQUIRES: strides at least the stored rows' length; C overlaps neither A nor B.
void gemm(GemmShape shape, GemmInput a, GemmInput b, GemmOutput c, GemmThreads* threads = nullptr);

}  // namespace attune::trainer
