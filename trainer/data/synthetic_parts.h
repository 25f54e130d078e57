#pragma once

// What the worlds of synthetic.h share; nothing outside synthetic*.cpp includes this.

#include <array>
#include <cstdint>

#include "trainer/data/synthetic.h"

namespace attune::trainer::synthetic {

inline constexpr int64_t kStart = 1'700'000'000;  // 2023-11-14
inline constexpr int64_t kSpanSeconds = 365 * 86'400;
inline constexpr int64_t kSecondsPerDay = 86'400;

/// What a number is drawn for: each use has its own stream, so adding one moves no other.
enum Stream : uint64_t {
  kItemStream = 1,
  kUserStream,
  kRowStream,
  kSuccessorStream,
  kShuffleStream
};

/// SplitMix64: a counter and a mixing function, the same everywhere.
class Random {
 public:
  Random(uint64_t seed, Stream stream, uint64_t number = 0)
      : state_(mix(mix(mix(seed) + stream) + number)) {}

  uint64_t next() { return mix(state_ += kGamma); }
  /// Uniform in [0, bound); the bias is below bound / 2^32.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(((next() >> 32) * bound) >> 32); }
  /// Uniform in [0, 1), a multiple of 2^-53.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }

 private:
  static constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;

  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

inline int64_t timestampOf(uint64_t row, uint64_t rows) {
  // In double: row * span may pass 64 bits, and 2^53 seconds is enough for everybody.
  return kStart + static_cast<int64_t>(static_cast<double>(row) / static_cast<double>(rows) *
                                       static_cast<double>(kSpanSeconds));
}

struct Category {
  const char* name;
  const char* noun;
  int64_t priceCents;
};
inline constexpr std::array<Category, 8> kCategories = {{{"books", "novel", 1500},
                                                         {"garden", "watering can", 2200},
                                                         {"kitchen", "saucepan", 3900},
                                                         {"lighting", "lamp", 5400},
                                                         {"music", "record", 1900},
                                                         {"shoes", "sandal", 6900},
                                                         {"sport", "racket", 8400},
                                                         {"toys", "puzzle", 1300}}};
/// Fills world.eventTypes and world.interactions of a shop with its items and users made.
void playShop(const SyntheticOptions& options, SyntheticWorld& world);

}  // namespace attune::trainer::synthetic
