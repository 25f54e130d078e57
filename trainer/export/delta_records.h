#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attune::trainer {

/// A piece of new bytes: so many that are the same as or similar to old ones, then some that are not.
struct DeltaRecord {
  uint32_t copy = 0;    ///< bytes to copy
  uint32_t from = 0;    ///< where they are in the old ones; 0 where there are none to copy
  uint32_t insert = 0;  ///< bytes to put in after them
};

/// What new bytes can be made of. Copies may be of what is only similar: models trained on move many
/// weights a little, and then most differences are zero or small and compress well (Percival, Naive
/// differences of executable code, 2003; here the places that fit are found by hashes of blocks
/// instead of a suffix array). Repeatable. REQUIRES: both shorter than 2^31 bytes.
std::vector<DeltaRecord> recordsOf(std::span<const uint8_t> older, std::span<const uint8_t> newer);

}  // namespace attune::trainer
