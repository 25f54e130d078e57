#include "trainer/nn/cross_entropy_items.h"

#include <algorithm>

#include "trainer/nn/gemm_bf16.h"
#include "trainer/nn/gemm_kernel.h"
#include "trainer/nn/gemm_pack.h"

namespace attune::trainer {

PackedItems::PackedItems(std::span<const float> rows, std::span<const float> bias, size_t dimension,
                         bool pairs, AlignedFloats& memory, GemmThreads* threads)
    : count_(rows.size() / dimension),
      dimension_(dimension),
      width_(gemmKernel().panelWidth),
      lanes_(gemmKernel().lanes),
      pairs_(pairs) {
  const size_t transposedSize = itemPanels() * width_ * steps(dimension_);
  const size_t columnsSize = steps(count_) * paddedDimension();
  const size_t biasSize = bias.empty() ? 0 : itemPanels() * width_;
  transposed_ = memory.atLeast(transposedSize + columnsSize + biasSize);
  columns_ = transposed_ + transposedSize;
  if (!bias.empty()) {
    bias_ = columns_ + columnsSize;
    std::fill(std::copy(bias.begin(), bias.end(), bias_), bias_ + biasSize, 0.0F);
  }
  runTasks(threads, itemPanels() + dimensionPanels(), [&](size_t task) {
    if (pairs_) return packPairs(rows.data(), task);
    pack(rows.data(), task);
  });
}

size_t PackedItems::itemsOf(size_t panel) const {
  return std::min(width_, count_ - panel * width_);
}

size_t PackedItems::columnsOf(size_t panel) const {
  return std::min(width_, dimension_ - panel * width_);
}

void PackedItems::pack(const float* rows, size_t task) const {
  if (task < itemPanels()) {
    const GemmInput b{.data = rows, .stride = dimension_, .transposed = true};
    packPanel(b, 0, dimension_, task * width_, itemsOf(task), width_,
              transposed_ + task * dimension_ * width_);
    return;
  }
  const size_t panel = task - itemPanels();
  const GemmInput b{.data = rows, .stride = dimension_};
  packPanel(b, 0, count_, panel * width_, columnsOf(panel), paddedColumnsOf(panel),
            columns_ + panel * width_ * count_);
}

void PackedItems::packPairs(const float* rows, size_t task) const {
  const auto at = [&](size_t item, size_t column) {
    return item < count_ && column < dimension_ ? rows[item * dimension_ + column] : 0.0F;
  };
  if (task < itemPanels()) {
    float* to = transposed_ + task * steps(dimension_) * width_;
    for (size_t column = 0; column < dimension_; column += 2) {
      for (size_t item = task * width_; item < (task + 1) * width_; ++item) {
        storeBf16Pair(to++, at(item, column), at(item, column + 1));
      }
    }
    return;
  }
  const size_t first = (task - itemPanels()) * width_;
  const size_t width = paddedColumnsOf(task - itemPanels());
  float* to = columns_ + first * steps(count_);
  for (size_t item = 0; item < count_; item += 2) {
    for (size_t column = first; column < first + width; ++column) {
      storeBf16Pair(to++, at(item, column), at(item + 1, column));
    }
  }
}

}  // namespace attune::trainer
