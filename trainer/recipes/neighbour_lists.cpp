#include "trainer/recipes/neighbour_lists.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "trainer/base/parallel.h"

namespace attune::trainer {
namespace {

constexpr size_t kItemsPerChunk = 32;

bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.weight > b.weight || (a.weight == b.weight && a.item < b.item);
}

/// What one worker adds up for one item: all zero between items.
struct Tally {
  struct Sum {
    float weight = 0;
    uint32_t users = 0;
  };
  std::vector<Sum> sums;  // (items)
  std::vector<uint32_t> touched;
  std::vector<Neighbour> found;
};

/// Computes one item's neighbours after another; const, so workers share it.
class NeighbourSearch {
 public:
  NeighbourSearch(const Baskets& baskets, const NeighbourOptions& options)
      : baskets_(baskets), options_(options) {
    for (uint32_t user = 0; user < baskets.userCount(); ++user)
      userWeight_.push_back(power(baskets.itemsOf(user).size(), -options.lengthDiscount));
    for (uint32_t item = 0; item < baskets.itemCount(); ++item) {
      const size_t users = baskets.usersOf(item).size();
      ownDiscount_.push_back(power(users, options.popularityDiscount - 1));
      neighbourDiscount_.push_back(power(users, -options.popularityDiscount));
    }
  }

  std::vector<Neighbour> neighboursOf(uint32_t item, Tally& tally) const {
    tally.sums.resize(baskets_.itemCount());
    tally.touched.clear();
    tally.found.clear();
    addUsers(item, tally);
    collect(item, tally);
    const size_t count = std::min(options_.maxNeighbours, tally.found.size());
    const auto end = tally.found.begin() + static_cast<long>(count);
    std::partial_sort(tally.found.begin(), end, tally.found.end(), nearer);
    return {tally.found.begin(), end};
  }

 private:
  static float power(size_t base, double exponent) {
    return base == 0 ? 0.0f : static_cast<float>(std::pow(static_cast<double>(base), exponent));
  }

  void addUsers(uint32_t item, Tally& tally) const {
    for (const uint32_t user : baskets_.usersOf(item)) {
      const float weight = userWeight_[user];
      for (const uint32_t other : baskets_.itemsOf(user)) {
        Tally::Sum& sum = tally.sums[other];
        if (sum.users == 0) tally.touched.push_back(other);
        sum.weight += weight;
        ++sum.users;
      }
    }
  }

  void collect(uint32_t item, Tally& tally) const {
    for (const uint32_t other : tally.touched) {
      const Tally::Sum sum = std::exchange(tally.sums[other], {});
      if (other == item || sum.users < options_.minCommonUsers) continue;
      tally.found.push_back({other, sum.weight * ownDiscount_[item] * neighbourDiscount_[other]});
    }
  }

  const Baskets& baskets_;
  const NeighbourOptions& options_;
  std::vector<float> userWeight_;         // (users)
  std::vector<float> ownDiscount_;        // (items)
  std::vector<float> neighbourDiscount_;  // (items)
};

/// One byte a weight, which takes the weight's place: the largest of a list is 255, unless a scale is
/// given. Returns the scale.
float quantise(std::vector<Neighbour>& list, float scale) {
  if (list.empty()) return 0;
  if (scale == 0) scale = std::min_element(list.begin(), list.end(), nearer)->weight / 255.0f;
  for (Neighbour& neighbour : list) neighbour.weight = std::round(neighbour.weight / scale);
  return scale;
}

}  // namespace

NeighbourLists findNeighbours(const Baskets& baskets, std::span<const uint32_t> items,
                              const NeighbourOptions& options) {
  const NeighbourSearch search(baskets, options);
  NeighbourLists lists(items.size());
  std::vector<Tally> tallies(std::max(1u, options.threads));
  parallelFor(lists.size(), kItemsPerChunk, options.threads,
              [&](size_t begin, size_t end, unsigned worker) {
                for (size_t i = begin; i < end; ++i)
                  lists[i] = search.neighboursOf(items[i], tallies[worker]);
              });
  return lists;
}

NeighbourLists findNeighbours(const Baskets& baskets, const NeighbourOptions& options) {
  std::vector<uint32_t> all(baskets.itemCount());
  std::iota(all.begin(), all.end(), 0u);
  return findNeighbours(baskets, all, options);
}

void writeNeighbours(const NeighbourLists& lists, const ItemOrder& order, BundlePrecision precision,
                     BundleBuilder& bundle, std::span<const float> scales) {
  const bool bytes = precision == BundlePrecision::int8;
  std::vector<uint32_t> offsets{0};
  std::vector<uint32_t> items;
  std::vector<float> weights, writtenScales;
  for (const uint32_t item : order.toDataset) {
    std::vector<Neighbour> list = lists[item];
    if (bytes) writtenScales.push_back(quantise(list, scales.empty() ? 0.0f : scales[item]));
    for (Neighbour& neighbour : list) neighbour.item = order.toBundle[neighbour.item];
    if (scales.empty() || scales[item] == 0) std::sort(list.begin(), list.end(), nearer);
    for (const Neighbour& neighbour : list) {
      items.push_back(neighbour.item);
      weights.push_back(neighbour.weight);
    }
    offsets.push_back(static_cast<uint32_t>(items.size()));
  }
  bundle.add(SectionKind::NeighbourOffsets, offsets);
  bundle.addIndexes(SectionKind::NeighbourItems, items, order.size());
  if (!bytes) return bundle.add(SectionKind::NeighbourWeights, weights);
  bundle.add(SectionKind::NeighbourWeights, std::vector<uint8_t>(weights.begin(), weights.end()));
  bundle.add(SectionKind::NeighbourScales, writtenScales);
}

}  // namespace attune::trainer
