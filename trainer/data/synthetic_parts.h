#pragma once

// What the worlds of synthetic.h share; nothing outside synthetic*.cpp includes this.

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "trainer/data/synthetic.h"

namespace attune::trainer::synthetic {

inline constexpr int64_t kSpanSeconds = 365 * 86'400;
inline constexpr int64_t kSecondsPerDay = 86'400;

/// What a number is drawn for: each use has its own stream, so adding one moves no other.
enum Stream : uint64_t {
  kItemStream = 1,
  kUserStream,
  kRowStream,
  kSuccessorStream,
  kShuffleStream,
  kProductStream
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

/// The time of the first row of a world.
inline int64_t startOf(const SyntheticOptions& options) { return options.end - kSpanSeconds; }

inline int64_t timestampOf(uint64_t row, const SyntheticOptions& options) {
  // In double: row * span may pass 64 bits, and 2^53 seconds is enough for everybody.
  return startOf(options) +
         static_cast<int64_t>(static_cast<double>(row) / static_cast<double>(options.interactions) *
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

// ---- what the items of a shop are (synthetic_products.cpp)

inline constexpr uint32_t kDepartments = 8;  ///< categories of a shop
inline constexpr uint32_t kStyles = 5;       ///< styles of each

inline uint32_t departmentOf(uint32_t item) { return item % kDepartments; }
inline uint32_t styleOf(uint32_t item) { return item / kDepartments % kStyles; }
/// One item in eleven came in the last 30 days; the first of every department did not.
inline bool isNew(uint32_t item) { return item % 11 == 10; }

/// What an item of this style costs on the average, in hundredths.
int64_t usualPriceCents(uint32_t item);
SyntheticItem makeProduct(const SyntheticOptions& options, uint32_t item);
/// "F" or "M".
std::string makeGender(const SyntheticOptions& options, uint32_t user);

/// Fills world.eventTypes and world.interactions of a shop with its items and users made.
void playShop(const SyntheticOptions& options, SyntheticWorld& world);

// ---- metadata columns (synthetic_columns.cpp)

/// A column of items or users: what its field in the schema says beside the name, and its cell.
struct SyntheticColumn {
  const char* name;
  ColumnKind kind;
  const char* type;  ///< as in the schema: "string" ... or ["null", "string"], in JSON
  std::string (*cell)(const SyntheticWorld&, uint32_t row);  ///< empty: null
};

std::span<const SyntheticColumn> itemColumnsOf(const SyntheticWorld& world);
std::span<const SyntheticColumn> userColumnsOf(const SyntheticWorld& world);

}  // namespace attune::trainer::synthetic
