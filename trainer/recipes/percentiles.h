#pragma once

#include <cstdint>
#include <vector>

namespace attune::trainer {

/// Two counts and all between them.
struct CountRange {
  uint32_t low = 0;
  uint32_t high = 0;
  bool holds(uint32_t count) const { return count >= low && count <= high; }
};

/// The counts at two percentiles, 0..1, of those that are not zero; between two ranks the outer one,
/// so that few users or items lose nobody. {0, 0} when all are zero.
CountRange percentileRange(std::vector<uint32_t> counts, double low, double high);

}  // namespace attune::trainer
