#include "trainer/nn/dropout.h"

#include <algorithm>
#include <cmath>

#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

constexpr size_t kLanes = 16;          // counters worked on at a time
constexpr size_t kWords = 4 * kLanes;  // 32-bit words they give

// Random::philox of runtime/base/random.h for 16 counters at once, the first word of them counting
// up from `first`; the compiler makes SIMD of it.
ATTUNE_INLINE void philoxRun(uint32_t first, const uint32_t (&rest)[3], uint64_t key,
                             uint32_t (&words)[kWords]) {
  uint32_t* const w0 = words;
  uint32_t* const w1 = words + kLanes;
  uint32_t* const w2 = words + 2 * kLanes;
  uint32_t* const w3 = words + 3 * kLanes;
  for (size_t i = 0; i < kLanes; ++i) {
    w0[i] = first + static_cast<uint32_t>(i);
    w1[i] = rest[0];
    w2[i] = rest[1];
    w3[i] = rest[2];
  }
  uint32_t k0 = static_cast<uint32_t>(key);
  uint32_t k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (size_t i = 0; i < kLanes; ++i) {
      const uint64_t a = uint64_t{0xD2511F53u} * w0[i];
      const uint64_t b = uint64_t{0xCD9E8D57u} * w2[i];
      w0[i] = static_cast<uint32_t>(b >> 32) ^ w1[i] ^ k0;
      w1[i] = static_cast<uint32_t>(b);
      w2[i] = static_cast<uint32_t>(a >> 32) ^ w3[i] ^ k1;
      w3[i] = static_cast<uint32_t>(a);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

// Each word decides two numbers, by its halves.
ATTUNE_INLINE void maskRun(float* values, size_t count, const uint32_t* words, uint32_t threshold,
                           float scale) {
  const size_t low = std::min(count, kWords);
  for (size_t i = 0; i < low; ++i) values[i] *= (words[i] & 0xffffu) < threshold ? 0.0f : scale;
  for (size_t i = low; i < count; ++i)
    values[i] *= (words[i - low] >> 16) < threshold ? 0.0f : scale;
}

ATTUNE_VECTORISED
void maskRows(Matrix values, uint64_t firstToken, uint64_t seed, uint64_t step, uint32_t place,
              uint32_t threshold) {
  const float scale = 65536.0f / static_cast<float>(65536u - threshold);
  for (size_t row = 0; row < values.rows; ++row) {
    const uint64_t token = firstToken + row;
    const uint32_t rest[3] = {static_cast<uint32_t>(token), static_cast<uint32_t>(step),
                              place ^ static_cast<uint32_t>(token >> 32) << 16};
    for (size_t begin = 0; begin < values.columns; begin += 2 * kWords) {
      uint32_t words[kWords];
      philoxRun(static_cast<uint32_t>(begin), rest, seed, words);
      maskRun(values.row(row) + begin, std::min(2 * kWords, values.columns - begin), words,
              threshold, scale);
    }
  }
}

}  // namespace

void DropoutMask::apply(Matrix values, uint64_t firstToken) const {
  const auto threshold =
      static_cast<uint32_t>(std::lround(std::clamp(rate, 0.0f, 0.9999f) * 65536.0f));
  if (threshold > 0) maskRows(values, firstToken, seed, step, place, threshold);
}

}  // namespace attune::trainer
