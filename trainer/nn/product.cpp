#include "trainer/nn/product.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "trainer/nn/vectorised.h"

// Products may be fused here: training need not have the same bits on every processor.
#pragma GCC optimize("fp-contract=fast")
// The vectors below are passed between inlined functions only.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace attune::trainer {
namespace {

constexpr size_t kDepthBlock = 256;  // rows of b that stay in the first-level cache

/// The left operand, read with any strides: element (i, k) is data[i * rowStep + k * depthStep].
struct LeftOperand {
  const float* data;
  size_t rowStep;
  size_t depthStep;
};

struct Problem {
  LeftOperand a;
  const float* b;
  size_t bStride;
  float* c;
  size_t cStride;
  size_t rows, depth, columns;
  bool accumulate;
};

template <size_t Lanes>
struct VectorOf {
  using Type __attribute__((vector_size(Lanes * sizeof(float)))) = float;
};

template <typename Vector>
ATTUNE_INLINE Vector loadVector(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// A tile of c: Rows rows of Wide vectors, held in registers through the whole depth.
template <typename Vector, size_t Rows, size_t Wide>
ATTUNE_INLINE void computeTile(const Problem& p, size_t row, size_t column) {
  constexpr size_t kLanes = sizeof(Vector) / sizeof(float);
  Vector sum[Rows][Wide] = {};
  const float* a = p.a.data + row * p.a.rowStep;
  const float* b = p.b + column;
  for (size_t k = 0; k < p.depth; ++k, a += p.a.depthStep, b += p.bStride) {
    Vector right[Wide];
    for (size_t w = 0; w < Wide; ++w) right[w] = loadVector<Vector>(b + w * kLanes);
    for (size_t r = 0; r < Rows; ++r)
      for (size_t w = 0; w < Wide; ++w) sum[r][w] += a[r * p.a.rowStep] * right[w];
  }
  for (size_t r = 0; r < Rows; ++r)
    for (size_t w = 0; w < Wide; ++w) {
      float* to = p.c + (row + r) * p.cStride + column + w * kLanes;
      if (p.accumulate) sum[r][w] += loadVector<Vector>(to);
      std::memcpy(to, &sum[r][w], sizeof(Vector));
    }
}

/// The rows from `row` on, in tiles of Rows, of half as many, and so on: a tile of one row waits for
/// each of its sums.
template <typename Vector, size_t Rows, size_t Wide>
ATTUNE_INLINE void computePanel(const Problem& p, size_t row, size_t column) {
  for (; row + Rows <= p.rows; row += Rows) computeTile<Vector, Rows, Wide>(p, row, column);
  if constexpr (Rows > 1) computePanel<Vector, Rows / 2, Wide>(p, row, column);
}

/// All panels of Wide vectors from `column` on; the first column behind them.
template <typename Vector, size_t Rows, size_t Wide>
ATTUNE_INLINE size_t computePanels(const Problem& p, size_t column) {
  constexpr size_t kColumns = Wide * sizeof(Vector) / sizeof(float);
  for (; column + kColumns <= p.columns; column += kColumns)
    computePanel<Vector, Rows, Wide>(p, 0, column);
  return column;
}

/// The columns from `column` on, fewer than two vectors, by ever shorter vectors.
template <size_t Lanes, size_t Rows>
ATTUNE_INLINE void computeRest(const Problem& p, size_t column) {
  column = computePanels<typename VectorOf<Lanes>::Type, Rows, 1>(p, column);
  if constexpr (Lanes > 1) computeRest<Lanes / 2, Rows>(p, column);
}

template <size_t Lanes, size_t Rows>
ATTUNE_INLINE void computeBlock(const Problem& p) {
  computeRest<Lanes, Rows>(p, computePanels<typename VectorOf<Lanes>::Type, Rows, 2>(p, 0));
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,avx512dq,fma"))) void computeAvx512(const Problem& p) {
  computeBlock<16, 8>(p);
}
__attribute__((target("avx2,fma"))) void computeAvx2(const Problem& p) {
  computeBlock<8, 6>(p);
}
#endif
void computePlain(const Problem& p) { computeBlock<4, 4>(p); }

using Compute = void (*)(const Problem&);

Compute fastestCompute() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return computeAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return computeAvx2;
#endif
  return computePlain;
}

/// Cuts the depth so that the rows of b in use stay cached.
void compute(Problem p) {
  static const Compute fastest = fastestCompute();
  const size_t depth = p.depth;
  for (size_t begin = 0; begin == 0 || begin < depth; begin += kDepthBlock) {
    p.depth = std::min(kDepthBlock, depth - begin);
    fastest(p);
    p.a.data += kDepthBlock * p.a.depthStep;
    p.b += kDepthBlock * p.bStride;
    p.accumulate = true;
  }
}

void computeInto(Matrix c, LeftOperand a, size_t rows, ConstMatrix b, bool accumulate) {
  compute({a, b.data, b.stride, c.data, c.stride, rows, b.rows, b.columns, accumulate});
}

LeftOperand plain(ConstMatrix a) { return {a.data, a.stride, 1}; }
LeftOperand turned(ConstMatrix a) { return {a.data, 1, a.stride}; }

void computeRightTransposed(ConstMatrix a, ConstMatrix b, Matrix c, bool accumulate) {
  std::vector<float> numbers(b.rows * b.columns);
  const Matrix right(numbers.data(), b.columns, b.rows);
  transpose(b, right);
  computeInto(c, plain(a), a.rows, right, accumulate);
}

}  // namespace

void multiply(ConstMatrix a, ConstMatrix b, Matrix c) { computeInto(c, plain(a), a.rows, b, false); }

void addMultiply(ConstMatrix a, ConstMatrix b, Matrix c) { computeInto(c, plain(a), a.rows, b, true); }

void multiplyLeftTransposed(ConstMatrix a, ConstMatrix b, Matrix c) {
  computeInto(c, turned(a), a.columns, b, false);
}

void addMultiplyLeftTransposed(ConstMatrix a, ConstMatrix b, Matrix c) {
  computeInto(c, turned(a), a.columns, b, true);
}

void multiplyRightTransposed(ConstMatrix a, ConstMatrix b, Matrix c) {
  computeRightTransposed(a, b, c, false);
}

void addMultiplyRightTransposed(ConstMatrix a, ConstMatrix b, Matrix c) {
  computeRightTransposed(a, b, c, true);
}

void transpose(ConstMatrix from, Matrix to) {
  constexpr size_t kTile = 16;
  for (size_t rows = 0; rows < from.rows; rows += kTile)
    for (size_t columns = 0; columns < from.columns; columns += kTile)
      for (size_t r = rows; r < std::min(rows + kTile, from.rows); ++r)
        for (size_t c = columns; c < std::min(columns + kTile, from.columns); ++c)
          to.row(c)[r] = from.row(r)[c];
}

}  // namespace attune::trainer
