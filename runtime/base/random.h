#pragma once

#include <cstdint>

namespace attune {

/// Random numbers by counting: Philox4x32-10 (Salmon et al. 2011). The same (seed, stream) gives
/// the same numbers on every machine, and streams are independent, so work can be split in any
/// way without changing a result. Copyable; not thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// Four numbers for one counter value; the pure function behind everything else.
  struct Block {
    uint32_t word[4];
  };
  static Block philox(Block counter, uint64_t key);

  /// Uniform over all 32-bit numbers.
  uint32_t next();
  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform() { return static_cast<float>(next() >> 8) * 0x1p-24f; }
  /// Uniform in [0, bound), without bias (Lemire 2019). REQUIRES: bound > 0
  uint32_t below(uint32_t bound);
  /// Normal with mean 0 and variance 1 (Marsaglia's polar method, one of each pair).
  float normal();

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t counter_ = 0;
  Block block_ = {};
  uint32_t used_ = 4;
};

}  // namespace attune
