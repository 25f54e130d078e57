#include "trainer/nn/gemm.h"

#include <algorithm>

#include "trainer/nn/gemm_kernel.h"
#include "trainer/nn/gemm_pack.h"
#include "trainer/nn/gemm_scratch.h"

namespace attune::trainer {
namespace {

// Rows of B summed before C is written: a panel of B (128 x 64 floats, 32 kB) stays in the first
// level of the cache while all rows of A pass by.
constexpr size_t kDepth = 128;
// Rows of A of one task: 96 x kDepth floats stay in the second level, and 96 is a multiple of every
// kernel's tile.
constexpr size_t kTaskRows = 96;
constexpr size_t kTaskColumns = 512;
// How much of B is packed at a time: on one thread what stays in the second level (256 kB); with
// several more (8 MB), as they wait for each other after each.
constexpr size_t kPackedFloatsAlone = size_t{1} << 16;
constexpr size_t kPackedFloatsShared = size_t{1} << 21;
// Below this much work, in multiply-adds, waking other threads costs more than they bring.
constexpr size_t kWorthThreads = size_t{1} << 21;
// A transposed A is read in place while its rows are close together; farther apart, each would be
// on a page of its own, so it is copied, and few enough at a time for the table of pages at hand.
constexpr size_t kCloseRows = 1024;
constexpr size_t kFarDepth = 1024;
// A product with k this long and a result this small has too few results to share out, so k is cut.
constexpr size_t kLongSum = 4096;
constexpr size_t kSmallResult = size_t{1} << 17;
constexpr size_t kSumPieces = 8;

constexpr size_t roundUp(size_t x, size_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}
constexpr size_t piecesOf(size_t x, size_t size) { return (x + size - 1) / size; }

/// Half-open.
struct Range {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
};

Range pieceOf(size_t count, size_t size, size_t piece) {
  return {piece * size, std::min(count, (piece + 1) * size)};
}

AlignedFloats& packedAScratch() {
  static thread_local AlignedFloats scratch;
  return scratch;
}
AlignedFloats& packedBScratch() {
  static thread_local AlignedFloats scratch;
  return scratch;
}
AlignedFloats& piecesScratch() {
  static thread_local AlignedFloats scratch;
  return scratch;
}

/// Rows [depth.begin, depth.end) of op(B), packed: for each kDepth of them in turn, panel by panel.
class PackedB {
 public:
  PackedB(const GemmKernel& kernel, const GemmInput& b, size_t columns, Range depth, float* to)
      : kernel_(kernel), b_(b), columns_(columns), depth_(depth), to_(to) {}

  static size_t floats(const GemmKernel& kernel, size_t columns, size_t depth) {
    return roundUp(columns, kernel.lanes) * depth;
  }

  size_t panels() const { return piecesOf(columns_, kernel_.panelWidth); }
  size_t blocks() const { return piecesOf(depth_.size(), kDepth); }

  /// The rows of block `i`, counted in op(B).
  Range block(size_t i) const {
    const Range rows = pieceOf(depth_.size(), kDepth, i);
    return {depth_.begin + rows.begin, depth_.begin + rows.end};
  }
  Range columns(size_t panel) const { return pieceOf(columns_, kernel_.panelWidth, panel); }
  size_t width(size_t panel) const { return roundUp(columns(panel).size(), kernel_.lanes); }
  float* at(size_t i, size_t panel) const {
    const size_t before = block(i).begin - depth_.begin;
    return to_ + before * roundUp(columns_, kernel_.lanes) + columns(panel).begin * block(i).size();
  }

  void pack(size_t i, size_t panel) const {
    const Range rows = block(i);
    const Range cols = columns(panel);
    packPanel(b_, rows.begin, rows.size(), cols.begin, cols.size(), width(panel), at(i, panel));
  }

 private:
  const GemmKernel& kernel_;
  const GemmInput& b_;
  const size_t columns_;
  const Range depth_;
  float* const to_;
};

/// Rows [rows.begin, rows.end) of op(A) at `depth`, where the kernel can read them.
void placeA(const GemmInput& a, Range rows, Range depth, PanelProduct& product) {
  product.rows = rows.size();
  product.k = depth.size();
  if (!a.transposed) {
    product.a = a.data + rows.begin * a.stride + depth.begin;
    product.aRowStride = a.stride;
    product.aColumnStride = 1;
    return;
  }
  product.a = a.data + depth.begin * a.stride + rows.begin;
  product.aRowStride = 1;
  product.aColumnStride = a.stride;
  if (a.stride <= kCloseRows) return;
  float* const copy = packedAScratch().atLeast(kTaskRows * kDepth);
  for (size_t p = 0; p < depth.size(); ++p) {
    std::copy_n(product.a + p * a.stride, rows.size(), copy + p * rows.size());
  }
  product.a = copy;
  product.aColumnStride = rows.size();
}

/// C of `rows` and the panels `panels`: beta of `c` in the first block of the sum, then added to.
void multiplyBlock(const GemmKernel& kernel, const GemmInput& a, const PackedB& b,
                   const GemmOutput& c, Range rows, Range panels) {
  for (size_t i = 0; i < b.blocks(); ++i) {
    PanelProduct product{.cStride = c.stride, .alpha = c.alpha, .beta = i == 0 ? c.beta : 1};
    placeA(a, rows, b.block(i), product);
    for (size_t panel = panels.begin; panel < panels.end; ++panel) {
      product.columns = b.columns(panel).size();
      product.b = b.at(i, panel);
      product.bStride = b.width(panel);
      product.c = c.data + rows.begin * c.stride + b.columns(panel).begin;
      kernel.multiply(product);
    }
  }
}

void packAll(const PackedB& b, GemmThreads* threads) {
  runTasks(threads, b.blocks() * b.panels(),
           [&](size_t task) { b.pack(task / b.panels(), task % b.panels()); });
}

/// A multiple of kDepth, so that the blocks of the sum are the same whatever is packed at a time.
size_t packedDepth(const GemmInput& a, size_t columns, bool alone) {
  const size_t floats = alone ? kPackedFloatsAlone : kPackedFloatsShared;
  const size_t depth = std::max(kDepth, floats / columns / kDepth * kDepth);
  return a.transposed && a.stride > kCloseRows ? std::min(depth, kFarDepth) : depth;
}

/// The product over `depth` of k; `c` as in gemm.
void multiplyRange(const GemmShape& shape, const GemmInput& a, const GemmInput& b, GemmOutput c,
                   Range depth, GemmThreads* threads) {
  const GemmKernel& kernel = gemmKernel();
  const size_t step = packedDepth(a, shape.n, threads == nullptr);
  for (size_t begin = depth.begin; begin < depth.end; begin += step, c.beta = 1) {
    const Range part{begin, std::min(depth.end, begin + step)};
    float* const scratch = packedBScratch().atLeast(PackedB::floats(kernel, shape.n, part.size()));
    const PackedB packed(kernel, b, shape.n, part, scratch);
    packAll(packed, threads);
    const size_t panelsOfTask = std::max<size_t>(1, kTaskColumns / kernel.panelWidth);
    const size_t across = piecesOf(packed.panels(), panelsOfTask);
    runTasks(threads, piecesOf(shape.m, kTaskRows) * across, [&](size_t task) {
      multiplyBlock(kernel, a, packed, c, pieceOf(shape.m, kTaskRows, task / across),
                    pieceOf(packed.panels(), panelsOfTask, task % across));
    });
  }
}

/// c = alpha (sum of the pieces, in order) + beta c, for one row.
void addPieces(const float* pieces, size_t pieceCount, size_t pieceSize, size_t columns, float* c,
               float alpha, float beta) {
  for (size_t j = 0; j < columns; ++j) {
    float sum = 0;
    for (size_t piece = 0; piece < pieceCount; ++piece) sum += pieces[piece * pieceSize + j];
    c[j] = alpha * sum + (beta == 0 ? 0 : beta * c[j]);
  }
}

void multiplyInPieces(const GemmShape& shape, const GemmInput& a, const GemmInput& b,
                      const GemmOutput& c, GemmThreads* threads) {
  const size_t depth = roundUp(piecesOf(shape.k, kSumPieces), kDepth);
  const size_t count = piecesOf(shape.k, depth);
  const size_t size = shape.m * shape.n;
  float* const pieces = piecesScratch().atLeast(count * size);
  runTasks(threads, count, [&](size_t piece) {
    multiplyRange(shape, a, b, {.data = pieces + piece * size, .stride = shape.n},
                  pieceOf(shape.k, depth, piece), nullptr);
  });
  for (size_t i = 0; i < shape.m; ++i) {
    addPieces(pieces + i * shape.n, count, size, shape.n, c.data + i * c.stride, c.alpha, c.beta);
  }
}

void scale(const GemmShape& shape, const GemmOutput& c) {
  for (size_t i = 0; i < shape.m; ++i) {
    float* const row = c.data + i * c.stride;
    for (size_t j = 0; j < shape.n; ++j) row[j] = c.beta == 0 ? 0 : c.beta * row[j];
  }
}

}  // namespace

void gemm(GemmShape shape, GemmInput a, GemmInput b, GemmOutput c, GemmThreads* threads) {
  if (shape.m == 0 || shape.n == 0) return;
  if (shape.k == 0) return scale(shape, c);
  if (shape.m * shape.n * shape.k < kWorthThreads) threads = nullptr;
  const bool inPieces = shape.k >= kLongSum && shape.m * shape.n <= kSmallResult;
  if (inPieces) return multiplyInPieces(shape, a, b, c, threads);
  multiplyRange(shape, a, b, c, {0, shape.k}, threads);
}

}  // namespace attune::trainer
