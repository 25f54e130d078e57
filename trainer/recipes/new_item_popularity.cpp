#include "trainer/recipes/new_item_popularity.h"

#include <algorithm>

namespace attune::trainer {
namespace {

/// What the mean item's rate counts for, in users.
constexpr double kPriorUsers = 2;

}  // namespace

std::vector<float> extrapolatedCounts(const Interactions& events, const ItemCounts& counts,
                                      const std::vector<uint8_t>& known) {
  const size_t items = known.size();
  std::vector<float> result(counts.usersOfItem.begin(), counts.usersOfItem.end());
  double sum = 0, many = 0;
  for (size_t item = 0; item < items; ++item) {
    if (known[item] == 0) continue;
    sum += counts.usersOfItem[item];
    ++many;
  }
  const double mean = std::max(1.0, sum / std::max(1.0, many));
  std::vector<size_t> first(items, events.size());
  for (size_t i = events.size(); i-- > 0;) first[events.item[i]] = i;
  for (size_t item = 0; item < items; ++item) {
    if (known[item] != 0) continue;
    const double lived = static_cast<double>(events.size() - first[item]) /
                         static_cast<double>(std::max<size_t>(1, events.size()));
    result[item] = static_cast<float>((counts.usersOfItem[item] + kPriorUsers) /
                                      (lived + kPriorUsers / mean));
  }
  return result;
}

}  // namespace attune::trainer
