#pragma once

#include <cstddef>

#include "trainer/nn/gemm.h"

namespace attune::trainer {

/// Copies columns [column, column + columns) and rows [row, row + rows) of op(B) to `to`, row after
/// row of `width` floats; those beyond `columns` become 0.
void packPanel(const GemmInput& b, size_t row, size_t rows, size_t column, size_t columns,
               size_t width, float* to);

/// out[j * outStride + i] = in[i * inStride + j] for i in [0, rows), j in [0, columns).
void transpose(const float* in, size_t inStride, size_t rows, size_t columns, float* out,
               size_t outStride);

}  // namespace attune::trainer
