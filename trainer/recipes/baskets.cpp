#include "trainer/recipes/baskets.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace attune::trainer {
namespace {

/// Interactions of each user or item.
std::vector<uint32_t> countOf(const std::vector<uint32_t>& who, uint32_t size) {
  std::vector<uint32_t> counts(size);
  for (const uint32_t one : who) ++counts[one];
  return counts;
}

/// The counts at two percentiles, of those that are not zero; between two ranks the outer one, so
/// that few users or items lose nobody.
struct Range {
  uint32_t low, high;
  bool holds(uint32_t count) const { return count >= low && count <= high; }
};

Range percentiles(std::vector<uint32_t> counts, double low, double high) {
  counts.erase(std::remove(counts.begin(), counts.end(), 0u), counts.end());
  if (counts.empty()) return {0, 0};
  std::sort(counts.begin(), counts.end());
  const auto last = static_cast<double>(counts.size() - 1);
  return {counts[static_cast<size_t>(low * last)], counts[static_cast<size_t>(std::ceil(high * last))]};
}

}  // namespace

Baskets::Baskets(const Dataset& data, const BasketLimits& limits) {
  const Interactions& events = data.interactions;
  const auto userCounts = countOf(events.user, data.users.size());
  const auto itemCounts = countOf(events.item, data.items.size());
  const Range users = percentiles(userCounts, limits.minUserPercentile, limits.maxUserPercentile);
  const Range items = percentiles(itemCounts, limits.minItemPercentile, limits.maxItemPercentile);

  std::vector<uint64_t> pairs;
  pairs.reserve(events.size());
  for (size_t i = 0; i < events.size(); ++i)
    if (users.holds(userCounts[events.user[i]]) && items.holds(itemCounts[events.item[i]]))
      pairs.push_back(uint64_t{events.user[i]} << 32 | events.item[i]);
  build(std::move(pairs), data.users.size(), data.items.size());
}

Baskets::Baskets(const Sequences& sequences, uint32_t items) {
  std::vector<uint64_t> pairs;
  pairs.reserve(sequences.items.size());
  for (size_t user = 0; user < sequences.users(); ++user)
    for (const uint32_t item : sequences.of(user)) pairs.push_back(uint64_t{user} << 32 | item);
  build(std::move(pairs), static_cast<uint32_t>(sequences.users()), items);
}

void Baskets::build(std::vector<uint64_t> pairs, uint32_t users, uint32_t items) {
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());

  itemOffsets_.assign(size_t{users} + 1, 0);
  userOffsets_.assign(size_t{items} + 1, 0);
  for (const uint64_t pair : pairs) {
    ++itemOffsets_[(pair >> 32) + 1];
    ++userOffsets_[static_cast<uint32_t>(pair) + 1];
  }
  for (size_t i = 1; i < itemOffsets_.size(); ++i) itemOffsets_[i] += itemOffsets_[i - 1];
  for (size_t i = 1; i < userOffsets_.size(); ++i) userOffsets_[i] += userOffsets_[i - 1];

  items_.resize(pairs.size());
  users_.resize(pairs.size());
  std::vector<size_t> next(userOffsets_.begin(), userOffsets_.end() - 1);
  for (size_t i = 0; i < pairs.size(); ++i) {
    items_[i] = static_cast<uint32_t>(pairs[i]);
    users_[next[items_[i]]++] = static_cast<uint32_t>(pairs[i] >> 32);
  }
}

}  // namespace attune::trainer
