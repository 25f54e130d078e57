#pragma once

#include <cstddef>
#include <span>

#include "trainer/nn/gemm_scratch.h"
#include "trainer/nn/gemm_threads.h"

namespace attune::trainer {

constexpr size_t roundUp(size_t x, size_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}
constexpr size_t piecesOf(size_t x, size_t size) { return (x + size - 1) / size; }

/// The items of a softmax, copied once a call into the two orders in which the kernels read them.
/// A panel is panelWidth columns (the last one fewer, filled up with zeros). With `pairs`, two
/// neighbouring rows of each copy are one row of pairs of bfloat16.
class PackedItems {
 public:
  /// `rows` are (count, dimension); `bias` is (count) or empty. The copy lies in `memory`.
  PackedItems(std::span<const float> rows, std::span<const float> bias, size_t dimension,
              bool pairs, AlignedFloats& memory, GemmThreads* threads);

  size_t count() const { return count_; }
  size_t dimension() const { return dimension_; }
  size_t panelWidth() const { return width_; }
  bool pairs() const { return pairs_; }
  /// How many floats or pairs hold a sum of `terms`.
  size_t steps(size_t terms) const { return pairs_ ? piecesOf(terms, 2) : terms; }

  /// Panels of items, and the items of one; bias(panel) is (panelWidth), null without bias.
  size_t itemPanels() const { return piecesOf(count_, width_); }
  size_t itemsOf(size_t panel) const;
  const float* bias(size_t panel) const { return bias_ ? bias_ + panel * width_ : nullptr; }
  /// (steps of dimension, panelWidth): the transposed rows of the panel's items.
  const float* transposed(size_t panel) const {
    return transposed_ + panel * steps(dimension_) * width_;
  }

  /// Panels of dimensions, and the padded width of one.
  size_t dimensionPanels() const { return piecesOf(dimension_, width_); }
  size_t columnsOf(size_t panel) const;
  size_t paddedColumnsOf(size_t panel) const { return roundUp(columnsOf(panel), lanes_); }
  /// (steps of count, paddedColumnsOf(panel)): some columns of all rows.
  const float* columns(size_t panel) const { return columns_ + panel * width_ * steps(count_); }
  size_t paddedDimension() const { return roundUp(dimension_, lanes_); }

 private:
  void pack(const float* rows, size_t task) const;
  void packPairs(const float* rows, size_t task) const;

  size_t count_, dimension_, width_, lanes_;
  bool pairs_;
  float* transposed_;
  float* columns_;
  float* bias_ = nullptr;
};

}  // namespace attune::trainer
