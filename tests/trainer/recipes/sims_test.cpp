#include "trainer/recipes/sims.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/baskets.h"
#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

/// Each text is a user's items, one letter an item, in time order.
Dataset histories(const std::vector<std::string>& users) {
  Dataset data;
  Interactions& events = data.interactions;
  for (const std::string& items : users) {
    const uint32_t user = data.users.add("user " + std::to_string(data.users.size()));
    for (const char item : items) {
      events.user.push_back(user);
      events.item.push_back(data.items.add(std::string(1, item)));
      events.timestamp.push_back(static_cast<int64_t>(events.timestamp.size()));
      events.eventType.push_back(StringTable::kNone);
      events.eventValue.push_back(NAN);
    }
  }
  return data;
}

struct Trained {
  Trained(const Dataset& data, const std::vector<std::pair<std::string, std::string>>& settings,
          BundlePrecision precision = BundlePrecision::float32)
      : served(bytesOf(data, settings, precision), "test") {}

  static std::vector<uint8_t> bytesOf(
      const Dataset& data, const std::vector<std::pair<std::string, std::string>>& settings,
      BundlePrecision precision) {
    Parameters parameters(findRecipe("sims"));
    for (const auto& [name, value] : settings) parameters.set(name, value);
    return trainBundle(data, {parameters, {}, {}, precision});
  }

  /// How near two items are, without the share of popularity.
  double nearness(const char* from, const char* to) {
    const Engine& engine = served.engine();
    Scratch scratch;
    REQUIRE(engine.related(engine.items().find(from), nullptr, {.numResults = 100}, scratch).ok());
    for (const Scored& one : scratch.ranked)
      if (engine.items()[one.item] == to) return static_cast<double>(one.score);
    return -1;
  }

  ServedBundle served;
};

}  // namespace

TEST_CASE("nearness is the cosine when the discounts say so") {
  // a has 3 users, b has 2, both of them users of a: 2 / sqrt(3 x 2)
  Trained sims(histories({"ab", "ab", "ac"}),
               {{"min_cointeraction_count", "1"}, {"history_length_discount", "0"}});
  CHECK(sims.nearness("a", "b") == Approx(2 / std::sqrt(6.0)).margin(1e-5));
  CHECK(sims.nearness("b", "a") == Approx(2 / std::sqrt(6.0)).margin(1e-5));
  CHECK(sims.nearness("b", "c") == Approx(0).margin(1e-5));
}

TEST_CASE("the popularity discount moves nearness from probability to rarity") {
  const Dataset data = histories({"ab", "ab", "ac", "ad"});
  Trained probability(data, {{"min_cointeraction_count", "1"},
                             {"history_length_discount", "0"},
                             {"popularity_discount_factor", "0"}});
  CHECK(probability.nearness("a", "b") == Approx(2.0 / 4).margin(1e-5));
  Trained rarity(data, {{"min_cointeraction_count", "1"},
                        {"history_length_discount", "0"},
                        {"popularity_discount_factor", "1"}});
  CHECK(rarity.nearness("a", "b") == Approx(2.0 / 2).margin(1e-5));
}

TEST_CASE("users with long histories count less") {
  Trained sims(histories({"abcd", "ae"}),
               {{"min_cointeraction_count", "1"}, {"history_length_discount", "0.5"}});
  CHECK(sims.nearness("a", "b") == Approx(0.5 / std::sqrt(2.0)).margin(1e-5));
  CHECK(sims.nearness("a", "e") == Approx(1 / std::sqrt(2.0) / std::sqrt(2.0)).margin(1e-5));
}

TEST_CASE("items with too few common users are no neighbours and fall back to popularity") {
  Trained sims(histories({"ab", "ab", "ac"}), {{"min_cointeraction_count", "3"}});
  CHECK(sims.nearness("a", "b") < 1e-5);
  CHECK(sims.nearness("c", "a") > sims.nearness("c", "b"));
}

TEST_CASE("an item met twice by one user counts once") {
  Trained once(histories({"ab", "ac"}), {{"min_cointeraction_count", "1"}});
  Trained twice(histories({"abab", "ac"}), {{"min_cointeraction_count", "1"}});
  CHECK(once.nearness("a", "b") == Approx(twice.nearness("a", "b")));
}

TEST_CASE("only the nearest neighbours are kept") {
  Trained sims(histories({"ab", "ab", "ac"}),
               {{"min_cointeraction_count", "1"}, {"max_neighbours", "1"}});
  CHECK(sims.nearness("a", "b") > 0.1);
  CHECK(sims.nearness("a", "c") < 1e-5);
}

TEST_CASE("quantised weights are within half a step of the exact ones") {
  const Dataset data = histories({"abc", "abd", "bcd", "ab", "bd"});
  const std::vector<std::pair<std::string, std::string>> settings = {{"min_cointeraction_count", "1"}};
  Trained exact(data, settings);
  Trained small(data, settings, BundlePrecision::int8);
  for (const char* from : {"a", "b", "c", "d"})
    for (const char* to : {"a", "b", "c", "d"})
      CHECK(std::fabs(exact.nearness(from, to) - small.nearness(from, to)) <= 1.0 / 510);
}

TEST_CASE("percentiles leave out users with the shortest and the longest histories") {
  const Dataset data = histories({"a", "ab", "abc", "abcd", "abcde"});
  const Baskets all(data, {});
  CHECK(all.usersOf(0).size() == 5);
  const Baskets middle(data, {.minUserPercentile = 0.25, .maxUserPercentile = 0.75});
  CHECK(middle.usersOf(0).size() == 3);
  CHECK(middle.itemsOf(0).empty());
  CHECK(middle.itemsOf(4).empty());
}

TEST_CASE("percentiles leave out the most popular items") {
  const Baskets baskets(histories({"ab", "ab", "ac", "ad"}), {.maxItemPercentile = 0.5});
  CHECK(baskets.usersOf(0).empty());
  CHECK(baskets.usersOf(1).size() == 2);
}

TEST_CASE("popularity counts different users, and users only if they did something") {
  Dataset data = histories({"aab", "a"});
  data.users.add("never came");
  const ItemCounts counts = countUsers(data);
  CHECK(counts.usersOfItem == std::vector<uint32_t>{2, 1});
  CHECK(counts.users == 2);
}
