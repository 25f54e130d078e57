#include "trainer/recipes/percentiles.h"

#include <algorithm>
#include <cmath>

namespace attune::trainer {

CountRange percentileRange(std::vector<uint32_t> counts, double low, double high) {
  counts.erase(std::remove(counts.begin(), counts.end(), 0u), counts.end());
  if (counts.empty()) return {};
  std::sort(counts.begin(), counts.end());
  const auto last = static_cast<double>(counts.size() - 1);
  return {counts[static_cast<size_t>(low * last)], counts[static_cast<size_t>(std::ceil(high * last))]};
}

}  // namespace attune::trainer
