#include "tests/wasm/kernels.h"

#include <cstring>
#include <limits>

#include "runtime/base/math.h"
#include "runtime/base/random.h"
#include "runtime/base/topk.h"

#if defined(__EMSCRIPTEN__)
#define KERNEL_EXPORT extern "C" __attribute__((visibility("default"), used))
#else
#define KERNEL_EXPORT extern "C"
#endif

namespace {

using namespace attune;

constexpr size_t kCount = 4099;  // odd, so that tails are met
float values[kCount];
float others[kCount];

/// FNV-1a over the bits of everything added.
class Hash {
 public:
  void add(uint32_t word) {
    for (int i = 0; i < 4; ++i) hash_ = (hash_ ^ (word >> (8 * i) & 255)) * 16777619u;
  }
  void add(float number) {
    uint32_t bits;
    std::memcpy(&bits, &number, sizeof bits);
    add(bits);
  }
  void add(std::span<const float> numbers) {
    for (const float number : numbers) add(number);
  }
  uint32_t value() const { return hash_; }

 private:
  uint32_t hash_ = 2166136261u;
};

/// Numbers of many sizes: normal ones, scaled by powers of two from -16 to 15.
void fill(std::span<float> numbers, uint32_t seed, uint64_t stream) {
  Random random(seed, stream);
  for (float& number : numbers) {
    number = random.normal();
    number *= static_cast<float>(1u << random.below(16)) / static_cast<float>(1u << random.below(16));
  }
}

void hashNorms(Hash& hash) {
  std::span<float> x(values);
  layerNorm(x.first(64), std::span<const float>(others).first(64),
            std::span<const float>(others).subspan(64, 64), 1e-5f);
  rmsNorm(x.subspan(100, 50), std::span<const float>(others).first(50), 1e-6f);
  hash.add(x.first(200));
}

void hashTopK(Hash& hash) {
  for (size_t i = 0; i < kCount; i += 7) values[i] = values[0];
  values[5] = -std::numeric_limits<float>::infinity();
  Buffer<Scored> ranked;
  if (!topK(values, 333, ranked).ok()) return;
  for (const Scored& one : ranked) {
    hash.add(one.item);
    hash.add(one.score);
  }
}

}  // namespace

KERNEL_EXPORT uint32_t attune_kernel_count(void) { return 8; }

KERNEL_EXPORT uint32_t attune_kernel_hash(uint32_t kernel, uint32_t seed) {
  fill(values, seed, 1);
  fill(others, seed, 2);
  Hash hash;
  switch (kernel) {
    case 0:
      for (const float x : values) hash.add(expOf(x));
      break;
    case 1:
      for (const float x : values) hash.add(logOf(x * x));
      break;
    case 2:
      for (const float x : values) hash.add(sigmoid(x) + tanhOf(x));
      break;
    case 3:
      for (size_t n = 0; n < 300; ++n)
        hash.add(dot(std::span<const float>(values).subspan(n, n),
                     std::span<const float>(others).first(n)) +
                 sum(std::span<const float>(others).first(n)));
      break;
    case 4:
      softmax(values);
      hash.add(std::span<const float>(values));
      break;
    case 5: hashNorms(hash); break;
    case 6:
      hash.add(std::span<const float>(values));
      break;
    case 7: hashTopK(hash); break;
  }
  return hash.value();
}
