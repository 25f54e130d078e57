#include "tests/wasm/kernels.h"

#include <cstring>
#include <limits>

#include "runtime/base/code_scan.h"
#include "runtime/base/math.h"
#include "runtime/base/random.h"
#include "runtime/base/scan.h"
#include "runtime/base/topk.h"
#include "tests/support/random_filters.h"

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

/// Rows of all strides that have a kernel of their own, and of some that have none.
void hashScan(Hash& hash) {
  static int8_t bytes[kCount];
  for (size_t i = 0; i < kCount; ++i)
    bytes[i] = static_cast<int8_t>(static_cast<int32_t>(values[i] * 64) & 255);
  for (const size_t stride : {16u, 32u, 48u, 64u, 80u, 128u}) {
    const size_t rows = kCount / stride;
    WideQuery query;
    if (!query.set(std::span<const float>(others).subspan(stride, stride - 3), stride).ok()) return;
    float scores[kCount / 16];
    const std::span<float> out = std::span<float>(scores).first(rows);
    scanRows({{bytes, rows * stride}, std::span<const float>(others).first(rows), stride}, query, out);
    hash.add(out);
  }
}

void hashCodes(Hash& hash) {
  static uint8_t codes[kCount];
  for (size_t i = 0; i < kCount; ++i) codes[i] = static_cast<uint8_t>(static_cast<int32_t>(values[i] * 64));
  for (const size_t dimension : {16u, 30u, 64u}) {
    const size_t columns = CodedRows::columnsOf(dimension), rows = 16 * (kCount / (16 * columns)) - 5;
    CodeTables tables;
    if (!tables.set(std::span<const float>(others).first(dimension),
                    std::span<const float>(values).first(2 * columns * 64)).ok())
      return;
    float scores[kCount];
    const std::span<float> out = std::span<float>(scores).first(rows);
    scanCodes({codes, std::span<const float>(others).first(rows), columns}, tables, out);
    hash.add(out);
  }
  const double total = sampledPowersBelow(values, 3, 40);
  hash.add(static_cast<float>(total));
}

void hashSoftmaxScales(Hash& hash) {
  for (const size_t count : {1u, 5u, 64u, 1000u, 1024u, 2000u, 4099u}) {
    const SoftmaxScale scale = softmaxScale(std::span<const float>(values).first(count));
    hash.add(scale.highest);
    hash.add(scale.total);
  }
}

/// 10000 filters in 20 seeds, each equal to what a plain evaluator finds.
void hashFilters(Hash& hash, uint32_t seed) {
  const testing::FilterTrial trial = testing::tryRandomFilters(1000 + seed, 500);
  hash.add(trial.mistaken == 0 ? trial.hash : 0u);
}

}  // namespace

KERNEL_EXPORT uint32_t attune_kernel_count(void) { return 12; }

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
    case 8: hashScan(hash); break;
    case 9: hashSoftmaxScales(hash); break;
    case 10: hashFilters(hash, seed); break;
    case 11: hashCodes(hash); break;
  }
  return hash.value();
}
