#include "trainer/recipes/popularity_count.h"

#include <algorithm>

namespace attune::trainer {
namespace {

class PopularityCounts : public TrainedModel {
 public:
  explicit PopularityCounts(ItemCounts counts) : counts_(std::move(counts)) {}
  ModelKind kind() const override { return ModelKind::Popularity; }
  void write(const ItemOrder& order, BundlePrecision, BundleBuilder& bundle) const override {
    writeCounts(counts_, order, bundle);
  }

 private:
  ItemCounts counts_;
};

}  // namespace

ItemCounts countUsers(const Dataset& data) {
  const Interactions& events = data.interactions;
  std::vector<uint64_t> pairs(events.size());
  for (size_t i = 0; i < pairs.size(); ++i)
    pairs[i] = uint64_t{events.user[i]} << 32 | events.item[i];
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  ItemCounts counts;
  counts.usersOfItem.resize(data.items.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    ++counts.usersOfItem[static_cast<uint32_t>(pairs[i])];
    if (i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32) ++counts.users;
  }
  return counts;
}

void writeCounts(const ItemCounts& counts, const ItemOrder& order, BundleBuilder& bundle) {
  std::vector<uint32_t> ordered;
  for (const uint32_t item : order.toDataset) ordered.push_back(counts.usersOfItem[item]);
  bundle.add(SectionKind::ItemUserCounts, ordered);
  bundle.setPopularity(counts.users);
}

std::unique_ptr<TrainedModel> PopularityCountRecipe::train(const Dataset& data, const Parameters&,
                                                           const TrainOptions&) const {
  return std::make_unique<PopularityCounts>(countUsers(data));
}

}  // namespace attune::trainer
