#pragma once

#include <cstddef>

#include "trainer/nn/cpu.h"

namespace attune::trainer {

/// Logits of some tokens with one panel of items: (rows, width), row after row, where width is
/// GemmKernel::panelWidth of the same instruction set.
struct LogitPanel {
  float* data = nullptr;
  size_t rows = 0;
};

/// The part of the loss that is written for each instruction set. A vector of `lanes` floats a row
/// holds partial results; they are joined at the end, in order.
struct CrossEntropyKernel {
  size_t lanes = 0;
  /// Adds bias (width; null for none) to each row and raises max (rows, lanes) to the logits.
  /// NaN raises nothing.
  void (*addBiasAndMax)(const LogitPanel& panel, const float* bias, float* max) = nullptr;
  /// Replaces each logit x by e^(x - max of its row) and adds these to sums (rows, lanes).
  /// Relative error below 2e-7; 0 where x - max < -60; NaN for NaN. REQUIRES: max (rows) is such
  /// that x - max <= 0, infinite or NaN.
  void (*exponentials)(const LogitPanel& panel, const float* max, float* sums) = nullptr;
  /// out (width) += sum over the rows of scale[row] * row.
  void (*addWeightedRows)(const LogitPanel& panel, const float* scale, float* out) = nullptr;
};

/// The kernel of instructionSet().
const CrossEntropyKernel& crossEntropyKernel();

/// The same with exponentials that leave bfloat16, in the place of the two rows t and t + 1 (t
/// even) of w = width floats each: w bfloat16 of row t and, in its second half, pairs (row t, row t
/// + 1) of the first w / 2 items; then the same of row t + 1 and the other items. So both products
/// read pairs along their sum. The rows are even in number; addWeightedRows reads this form.
/// REQUIRES: hasBf16Products().
const CrossEntropyKernel& bf16CrossEntropyKernel();

extern const CrossEntropyKernel kPortableCrossEntropy;
#if defined(__x86_64__)
extern const CrossEntropyKernel kAvx2CrossEntropy;
extern const CrossEntropyKernel kAvx512CrossEntropy;
extern const CrossEntropyKernel kBf16CrossEntropy;
#endif

}  // namespace attune::trainer
