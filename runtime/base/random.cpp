#include "runtime/base/random.h"

#include <cmath>

#include "runtime/base/math.h"

namespace attune {

Random::Block Random::philox(Block c, uint64_t key) {
  uint32_t k0 = static_cast<uint32_t>(key);
  uint32_t k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * c.word[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * c.word[2];
    c = {{static_cast<uint32_t>(b >> 32) ^ c.word[1] ^ k0, static_cast<uint32_t>(b),
          static_cast<uint32_t>(a >> 32) ^ c.word[3] ^ k1, static_cast<uint32_t>(a)}};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

uint32_t Random::next() {
  if (used_ == 4) {
    block_ = philox({{static_cast<uint32_t>(counter_), static_cast<uint32_t>(counter_ >> 32),
                      static_cast<uint32_t>(stream_), static_cast<uint32_t>(stream_ >> 32)}},
                    seed_);
    ++counter_;
    used_ = 0;
  }
  return block_.word[used_++];
}

uint32_t Random::below(uint32_t bound) {
  const uint32_t threshold = (0u - bound) % bound;
  for (;;) {
    const uint64_t product = uint64_t{next()} * bound;
    if (static_cast<uint32_t>(product) >= threshold) return static_cast<uint32_t>(product >> 32);
  }
}

float Random::normal() {
  for (;;) {
    const float x = 2.0f * uniform() - 1.0f;
    const float y = 2.0f * uniform() - 1.0f;
    const float square = x * x + y * y;
    if (square < 1.0f && square > 0.0f) return x * std::sqrt(-2.0f * logOf(square) / square);
  }
}

}  // namespace attune
