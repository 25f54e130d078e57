#include "trainer/nn/gemm_scratch.h"

#include <new>

namespace attune::trainer {

float* AlignedFloats::atLeast(size_t count) {
  constexpr size_t kLine = 64 / sizeof(float);
  if (count > size_) {
    const size_t size = (count + kLine - 1) / kLine * kLine;
    data_.reset();
    size_ = 0;
    data_.reset(static_cast<float*>(std::aligned_alloc(64, size * sizeof(float))));
    if (data_ == nullptr) throw std::bad_alloc();
    size_ = size;
  }
  return data_.get();
}

}  // namespace attune::trainer
