#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/dataset.h"

namespace attune::trainer {

/// Which rows of a dataset's interactions are whose. Owns its numbers only; immutable, thread-safe.
class RowsByUser {
 public:
  explicit RowsByUser(const Dataset& dataset);

  /// A user's rows, oldest first; none for a user without interactions.
  /// REQUIRES: user < dataset.users.size()
  std::span<const uint32_t> operator[](uint32_t user) const {
    return std::span(rows_).subspan(offsets_[user], offsets_[user + 1] - offsets_[user]);
  }

 private:
  std::vector<uint32_t> offsets_;  // (users + 1)
  std::vector<uint32_t> rows_;     // (interactions)
};

}  // namespace attune::trainer
