#include "trainer/recipes/popularity_count.h"

#include <algorithm>

namespace attune::trainer {
namespace {

constexpr double kSecondsPerHour = 3600;

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

ItemCounts countUsers(const Dataset& data, int64_t from) {
  const Interactions& events = data.interactions;
  const auto first = std::lower_bound(events.timestamp.begin(), events.timestamp.end(), from);
  std::vector<uint64_t> pairs;
  pairs.reserve(events.size());
  for (auto i = static_cast<size_t>(first - events.timestamp.begin()); i < events.size(); ++i)
    pairs.push_back(uint64_t{events.user[i]} << 32 | events.item[i]);
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

std::unique_ptr<TrainedModel> PopularityCountRecipe::train(const Dataset& data,
                                                           const Parameters& parameters,
                                                           const TrainOptions&) const {
  const double seconds = kSecondsPerHour * parameters.number("window_hours");
  if (seconds == 0) return std::make_unique<PopularityCounts>(countUsers(data));
  // By the data's own clock, so that equal data give equal bytes.
  const int64_t newest = data.interactions.timestamp.back();
  return std::make_unique<PopularityCounts>(
      countUsers(data, newest - static_cast<int64_t>(seconds)));
}

}  // namespace attune::trainer
