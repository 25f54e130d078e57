#include "trainer/data/rows_by_user.h"

namespace attune::trainer {

RowsByUser::RowsByUser(const Dataset& dataset)
    : offsets_(dataset.users.size() + 1, 0), rows_(dataset.interactions.size()) {
  const std::vector<uint32_t>& users = dataset.interactions.user;
  for (const uint32_t user : users) ++offsets_[user + 1];
  for (size_t user = 1; user < offsets_.size(); ++user) offsets_[user] += offsets_[user - 1];
  std::vector<uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  for (uint32_t row = 0; row < users.size(); ++row) rows_[next[users[row]]++] = row;
}

}  // namespace attune::trainer
