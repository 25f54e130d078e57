#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace attune::trainer {

/// Floats at a cache line's boundary; not initialised; grows and never shrinks.
class AlignedFloats {
 public:
  /// At least `count` floats, whose old contents are lost if they had to move.
  float* atLeast(size_t count);

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };
  std::unique_ptr<float, Free> data_;
  size_t size_ = 0;
};

}  // namespace attune::trainer
