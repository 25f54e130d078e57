// Attacks on a planted shop, by recipe, with and without protection. The figures are printed.
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/support/attacked_shop.h"
#include "trainer/data/protection.h"
#include "trainer/eval/evaluator.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;
using testing::AttackedShop;

namespace {

// Under the sanitizers a sequence model of this shop takes minutes; other tests run its code there.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kWithSequences = false;
#else
constexpr bool kWithSequences = true;
#endif
constexpr const char* kAll[] = {"popularity-count", "sims", "user-personalization"};
constexpr std::span<const char* const> kRecipes(kAll, kWithSequences ? 3 : 2);

constexpr const char* kNdcg = "normalized_discounted_cumulative_gain_at_10";

Dataset protectedData(Dataset data, const Protection& protection) {
  ProtectionReport report;
  return protect(std::move(data), protection, report);
}

std::vector<uint8_t> trained(const std::string& recipe, const Dataset& data,
                             const Protection& protection) {
  TrainRequest request{Parameters(findRecipe(recipe))};
  for (const auto& [name, value] :
       {std::pair{"epochs", "8"}, {"patience", "2"}, {"hidden_dimension", "32"}, {"layers", "1"}})
    if (request.parameters.has(name)) request.parameters.set(name, value);
  request.options.threads = 2;
  return trainBundle(protectedData(data, protection), request);
}

double measured(const std::vector<uint8_t>& bundle, const Dataset& data, const Split& split,
                const char* metric) {
  const Evaluation evaluation = evaluateBundle(bundle, data, split);
  return (*evaluation.find("metrics"))[metric].value;
}

/// The share of lists of ten that have the target, without and with protection.
struct Reach {
  double undefended = 0, defended = 0;
};

Reach reachOf(const char* attack, const std::string& recipe, const Dataset& data,
              const Split& asked) {
  const auto under = [&](const Protection& protection) {
    return measured(trained(recipe, data, protection), data, asked, "hit_rate_at_10");
  };
  const Reach reach{under(Protection::none()), under(Protection{})};
  std::cout << attack << ", " << recipe << ": the target is in " << 100 * reach.undefended
            << " % of the lists undefended, in " << 100 * reach.defended << " % defended\n";
  return reach;
}

}  // namespace

TEST_CASE("three percent of fake users from ten networks do not reach the segment they imitate") {
  AttackedShop shop;
  shop.addFakeUsers(180, 10);
  const Dataset data = shop.dataset();
  const Split segment = shop.reachOfSegment(data);
  for (const char* recipe : kRecipes) {
    const Reach reach = reachOf("3 % fake users", recipe, data, segment);
    CAPTURE(recipe);
    CHECK(reach.defended <= 0.01);
    // Counting different users alone already stops this attack on popularity.
    if (recipe != std::string("popularity-count")) CHECK(reach.undefended >= 0.2);
  }
}

TEST_CASE("fake users who take their time are stopped because networks keep their names for a week") {
  for (const uint32_t days : {3u, 7u, 14u}) {
    double reach[2];
    for (const int32_t daysOfSource : {1, 7}) {
      AttackedShop shop({.daysOfSource = daysOfSource});
      shop.addFakeUsers(180, 10, days);
      const Dataset data = shop.dataset();
      reach[daysOfSource == 7] = measured(trained("sims", data, {}), data,
                                          shop.reachOfSegment(data), "hit_rate_at_10");
    }
    std::cout << "3 % fake users over " << days << " days, sims: the target is in "
              << 100 * reach[0] << " % of the lists with names for a day, in " << 100 * reach[1]
              << " % with names for a week\n";
    CAPTURE(days);
    CHECK(reach[1] <= 0.01);
    CHECK(reach[0] >= 0.05);
  }
}

TEST_CASE("a hundred thousand events of one client move nothing into any list") {
  AttackedShop flood, swarm;
  flood.addFlood(100'000);
  swarm.addSwarm(50'000);
  for (const auto& [attack, shop] : {std::pair{"one user", &flood}, std::pair{"one network", &swarm}}) {
    const Dataset data = shop->dataset();
    const Split all = shop->reachOfAll(data);
    for (const char* recipe : {"popularity-count", "sims"}) {
      const Reach reach = reachOf(attack, recipe, data, all);
      CAPTURE(attack, recipe);
      CHECK(reach.defended == 0);
      if (shop == &swarm) CHECK(reach.undefended >= 0.2);
    }
    if (!kWithSequences) continue;
    const double reach = measured(trained("user-personalization", data, {}), data, all,
                                  "hit_rate_at_10");
    std::cout << attack << ", user-personalization: " << 100 * reach << " % defended\n";
    CHECK(reach == 0);
  }
}

TEST_CASE("protection costs a shop without attackers nothing one can see") {
  const AttackedShop shop;
  const Dataset data = shop.dataset();
  const Split split = splitDataset(data, {.protocol = "leave-one-out"});
  ProtectionReport report;
  protect(split.train, {}, report);
  std::cout << "without an attack, of " << report.collected << " events left out by source "
            << report.leftOut[static_cast<size_t>(ProtectionRule::usersPerSourceAndItem)]
            << ", by growth "
            << report.leftOut[static_cast<size_t>(ProtectionRule::newUsersPerItemAndDay)] << '\n';
  for (const char* recipe : kRecipes) {
    const double without = measured(trained(recipe, split.train, Protection::none()), data, split, kNdcg);
    const double with = measured(trained(recipe, split.train, {}), data, split, kNdcg);
    std::cout << "without an attack, " << recipe << ": NDCG@10 " << without << ", with protection "
              << with << '\n';
    CAPTURE(recipe);
    CHECK(with >= 0.99 * without);
  }
}

TEST_CASE("two in five users behind one network cost little, unless they like what nobody else does") {
  for (const bool follow : {false, true}) {
    const AttackedShop shop({.usersOfSharedNetwork = 2400, .networksFollowSegments = follow});
    const Dataset data = shop.dataset();
    const Split split = splitDataset(data, {.protocol = "leave-one-out"});
    for (const char* recipe : {"popularity-count", "sims"}) {
      const double without = measured(trained(recipe, split.train, Protection::none()), data, split, kNdcg);
      const double with = measured(trained(recipe, split.train, {}), data, split, kNdcg);
      std::cout << "2,400 users behind one network, " << (follow ? "of four segments" : "of all segments")
                << ", " << recipe << ": NDCG@10 " << without << ", with protection " << with << '\n';
      CAPTURE(recipe, follow);
      CHECK(with >= (follow ? 0.65 : 0.98) * without);
    }
  }
}

TEST_CASE("verified users count in full, wherever they are") {
  AttackedShop shop;
  shop.addFakeUsers(180, 10);
  Dataset data = shop.dataset();
  for (size_t row = 0; row < data.interactions.size(); ++row)
    data.interactions.origin[row].verified = true;
  ProtectionReport report;
  CHECK(protect(data, {}, report).interactions.size() == data.interactions.size());
  CHECK(report.verified == data.interactions.size());
}
