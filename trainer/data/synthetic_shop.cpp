#include <algorithm>
#include <numeric>
#include <utility>

#include "trainer/data/synthetic_parts.h"

namespace attune::trainer::synthetic {
namespace {

using CategoryWeights = std::array<double, kDepartments>;

/// Draws an index in proportion to the weights whose running totals are given; never one of weight
/// zero, provided that the first has a weight.
template <typename Totals>
size_t drawFrom(const Totals& totals, Random& random) {
  const auto found = std::lower_bound(totals.begin(), totals.end(), random.unit() * totals.back());
  return static_cast<size_t>(found - totals.begin());
}

/// The items of one category with Zipf-shaped popularity: weight 1 / place in a shuffled ranking.
struct Shelf {
  std::vector<uint32_t> items;
  std::vector<double> totals;
};

class Shop {
 public:
  Shop(const SyntheticOptions& options, SyntheticWorld& world) : options_(options), world_(world) {
    world_.eventTypes = {"View", "AddToCart", "Purchase"};
    stockShelves();
  }

  void play() {
    Random random(options_.seed, kRowStream);
    while (!full()) visit(random);
  }

 private:
  static constexpr double kCartProbability = 0.25;
  static constexpr double kPurchaseProbability = 0.5;
  static constexpr double kOtherStyle = 0.25;
  static constexpr double kOtherGender = 0.15;
  static constexpr int kDraws = 16;

  void stockShelves() {
    std::vector<uint32_t> ranking(options_.items);
    std::iota(ranking.begin(), ranking.end(), 0u);
    Random random(options_.seed, kShuffleStream);
    for (uint32_t i = options_.items - 1; i > 0; --i) {
      std::swap(ranking[i], ranking[random.below(i + 1)]);
    }
    for (uint32_t place = 0; place < options_.items; ++place) {
      Shelf& shelf = shelves_[departmentOf(ranking[place])];
      const double before = shelf.totals.empty() ? 0.0 : shelf.totals.back();
      shelf.items.push_back(ranking[place]);
      shelf.totals.push_back(before + 1.0 / (place + 1));
    }
  }

  /// One user looks at one item and perhaps puts it into the cart and buys it.
  void visit(Random& random) {
    const uint32_t user = random.below(options_.users);
    const uint32_t item =
        pick(user, static_cast<uint32_t>(drawFrom(categoryTotals(user), random)), random);
    const double thrift = world_.memberships[user] == "basic" && isDear(item) ? 0.5 : 1.0;
    add(user, item, 0);
    if (full() || !random.chance(kCartProbability)) return;
    add(user, item, 1);
    if (full() || !random.chance(kPurchaseProbability * thrift)) return;
    add(user, item, 2);
  }

  /// An item of the department as popularity has it, save that those of other styles than the
  /// user's or for the other gender are mostly, and those that are not there yet always, put back.
  uint32_t pick(uint32_t user, uint32_t department, Random& random) const {
    const Shelf& shelf = shelves_[department];
    const uint32_t style =
        Random(options_.seed, kUserStream, (uint64_t{2 + department} << 33) + user).below(kStyles);
    for (int draw = 0; draw < kDraws; ++draw) {
      const uint32_t item = shelf.items[drawFrom(shelf.totals, random)];
      const SyntheticItem& found = world_.items[item];
      const double liking =
          (styleOf(item) == style ? 1.0 : kOtherStyle) *
          (found.gender.empty() || found.gender == world_.genders[user] ? 1.0 : kOtherGender);
      if (found.creationTimestamp < now() && random.chance(liking)) return item;
    }
    return department;  // its first item has the same number, and is never new
  }

  /// Running totals of taste times season; a category without items weighs nothing.
  CategoryWeights categoryTotals(uint32_t user) const {
    Random taste(options_.seed, kUserStream, user + (uint64_t{1} << 32));
    const uint32_t first = taste.below(kDepartments);
    const uint32_t second = taste.below(kDepartments);
    CategoryWeights totals{};
    double sum = 0;
    for (size_t c = 0; c < totals.size(); ++c) {
      const double liking = 1.0 + (c == first ? 8.0 : 0.0) + (c == second ? 4.0 : 0.0);
      sum += shelves_[c].items.empty() ? 0.0 : liking * season(c);
      totals[c] = sum;
    }
    return totals;
  }

  /// 1 out of season, 3 on the category's day of the year, straight lines over 60 days between.
  double season(size_t category) const {
    const int64_t day = (now() - startOf(options_)) / kSecondsPerDay;
    const int64_t peak = static_cast<int64_t>(category) * 365 / kDepartments;
    const int64_t apart = std::min((day - peak + 365) % 365, (peak - day + 365) % 365);
    return apart >= 60 ? 1.0 : 3.0 - 2.0 * static_cast<double>(apart) / 60.0;
  }

  bool isDear(uint32_t item) const { return world_.items[item].priceCents > usualPriceCents(item); }

  void add(uint32_t user, uint32_t item, uint32_t eventType) {
    const int64_t cents = eventType == 2 ? world_.items[item].priceCents : 0;
    world_.interactions.push_back({user, item, now(), eventType, cents});
  }

  bool full() const { return world_.interactions.size() >= options_.interactions; }
  int64_t now() const { return timestampOf(world_.interactions.size(), options_); }

  const SyntheticOptions& options_;
  SyntheticWorld& world_;
  std::array<Shelf, kDepartments> shelves_;
};

}  // namespace

void playShop(const SyntheticOptions& options, SyntheticWorld& world) {
  Shop(options, world).play();
}

}  // namespace attune::trainer::synthetic
