#include "trainer/recipes/baskets.h"

#include <algorithm>
#include <utility>

#include "trainer/recipes/percentiles.h"

namespace attune::trainer {
namespace {

/// Interactions of each user or item.
std::vector<uint32_t> countOf(const std::vector<uint32_t>& who, uint32_t size) {
  std::vector<uint32_t> counts(size);
  for (const uint32_t one : who) ++counts[one];
  return counts;
}

}  // namespace

Baskets::Baskets(const Dataset& data, const BasketLimits& limits) {
  const Interactions& events = data.interactions;
  const auto userCounts = countOf(events.user, data.users.size());
  const auto itemCounts = countOf(events.item, data.items.size());
  const CountRange users = percentileRange(userCounts, limits.minUserPercentile, limits.maxUserPercentile);
  const CountRange items = percentileRange(itemCounts, limits.minItemPercentile, limits.maxItemPercentile);

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
