#include "trainer/nn/gemm_pack.h"

#include <algorithm>
#include <cstring>

namespace attune::trainer {
namespace {

using Float4 = float __attribute__((vector_size(16)));
using Index4 = int __attribute__((vector_size(16)));

Float4 load(const float* from) {
  Float4 x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

void store(float* to, Float4 x) { std::memcpy(to, &x, sizeof x); }

/// Four rows of four become four columns of four.
void transposeBlock(const float* in, size_t inStride, float* out, size_t outStride) {
  const Float4 a = load(in), b = load(in + inStride);
  const Float4 c = load(in + 2 * inStride), d = load(in + 3 * inStride);
  const Float4 abLow = __builtin_shuffle(a, b, Index4{0, 4, 1, 5});
  const Float4 abHigh = __builtin_shuffle(a, b, Index4{2, 6, 3, 7});
  const Float4 cdLow = __builtin_shuffle(c, d, Index4{0, 4, 1, 5});
  const Float4 cdHigh = __builtin_shuffle(c, d, Index4{2, 6, 3, 7});
  store(out, __builtin_shuffle(abLow, cdLow, Index4{0, 1, 4, 5}));
  store(out + outStride, __builtin_shuffle(abLow, cdLow, Index4{2, 3, 6, 7}));
  store(out + 2 * outStride, __builtin_shuffle(abHigh, cdHigh, Index4{0, 1, 4, 5}));
  store(out + 3 * outStride, __builtin_shuffle(abHigh, cdHigh, Index4{2, 3, 6, 7}));
}

}  // namespace

void transpose(const float* in, size_t inStride, size_t rows, size_t columns, float* out,
               size_t outStride) {
  const size_t wholeRows = rows / 4 * 4;
  const size_t wholeColumns = columns / 4 * 4;
  for (size_t i = 0; i < wholeRows; i += 4) {
    for (size_t j = 0; j < wholeColumns; j += 4) {
      transposeBlock(in + i * inStride + j, inStride, out + j * outStride + i, outStride);
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = i < wholeRows ? wholeColumns : 0; j < columns; ++j) {
      out[j * outStride + i] = in[i * inStride + j];
    }
  }
}

void packPanel(const GemmInput& b, size_t row, size_t rows, size_t column, size_t columns,
               size_t width, float* to) {
  if (b.transposed) {
    transpose(b.data + column * b.stride + row, b.stride, columns, rows, to, width);
  }
  for (size_t i = 0; i < rows; ++i, to += width) {
    if (!b.transposed) {
      std::memcpy(to, b.data + (row + i) * b.stride + column, columns * sizeof(float));
    }
    std::fill(to + columns, to + width, 0.0F);
  }
}

}  // namespace attune::trainer
