#pragma once

#include <cstddef>
#include <vector>

#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// Grows, never shrinks, is not cleared: working memory that is used again and again.
class Workspace {
 public:
  Matrix matrix(size_t rows, size_t columns) {
    if (numbers_.size() < rows * columns) numbers_.resize(rows * columns);
    return {numbers_.data(), rows, columns};
  }

  /// Numbers it has room for.
  size_t size() const { return numbers_.size(); }

 private:
  std::vector<float> numbers_;
};

}  // namespace attune::trainer
