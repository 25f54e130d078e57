#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/nn/sequence_batches.h"

namespace attune::trainer {

/// Which users and items to learn from, as percentiles of their numbers of interactions.
struct BasketLimits {
  double minUserPercentile = 0;
  double maxUserPercentile = 1;
  double minItemPercentile = 0;
  double maxItemPercentile = 1;
};

/// The different items of each user and the different users of each item, both ascending, for the
/// users and items within the limits.
class Baskets {
 public:
  Baskets(const Dataset& data, const BasketLimits& limits);
  /// Of sequences whose items are below `items`, all of them.
  Baskets(const Sequences& sequences, uint32_t items);

  uint32_t userCount() const { return static_cast<uint32_t>(itemOffsets_.size() - 1); }
  uint32_t itemCount() const { return static_cast<uint32_t>(userOffsets_.size() - 1); }
  std::span<const uint32_t> itemsOf(uint32_t user) const {
    return std::span(items_).subspan(itemOffsets_[user], itemOffsets_[user + 1] - itemOffsets_[user]);
  }
  std::span<const uint32_t> usersOf(uint32_t item) const {
    return std::span(users_).subspan(userOffsets_[item], userOffsets_[item + 1] - userOffsets_[item]);
  }

 private:
  /// From user << 32 | item, in any order.
  void build(std::vector<uint64_t> pairs, uint32_t users, uint32_t items);

  std::vector<size_t> itemOffsets_;  // (users + 1)
  std::vector<uint32_t> items_;
  std::vector<size_t> userOffsets_;  // (items + 1)
  std::vector<uint32_t> users_;
};

}  // namespace attune::trainer
