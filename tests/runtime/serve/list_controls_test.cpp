#include "runtime/serve/list_controls.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

using Ids = std::vector<std::string>;

/// The sample bundle and a user who had a: b 200/255, c 100/255 and popularity for the rest.
struct Shop : OpenSample {
  Session session{engine->items(), 100};
  ListRequest request{.numResults = 6};
  FilterHint hint;

  explicit Shop(ModelKind model = ModelKind::Neighbours) : OpenSample(model) {
    REQUIRE(session.record("a", "click", 0, NAN).ok());
  }
  Filter filter(const std::string& expression) {
    return std::move(engine->compileFilter(expression, FilterLanguage::extended, hint).value());
  }
  Ids list() {
    REQUIRE(engine->recommend(session, request, scratch).ok());
    return idsOf(*engine, scratch.ranked.span());
  }
};

}  // namespace

TEST_CASE("without controls lists have no marks, with them every item has one") {
  Shop shop;
  const Ids plain = shop.list();
  CHECK(shop.scratch.listMarks.empty());
  shop.request.controls.freshnessBoost = 1;  // no item has a CREATION_TIMESTAMP
  CHECK(shop.list() == plain);
  CHECK(shop.scratch.listMarks.size() == plain.size());
  for (const ListMark& mark : shop.scratch.listMarks) {
    CHECK(mark.how == ListMark::kRanked);
    CHECK(mark.propensity == 1);
  }
}

TEST_CASE(
    "promoted items have their share of the list, in rank order, and the others keep theirs") {
  Shop shop;
  const Ids plain = shop.list();
  const Filter dear = shop.filter("INCLUDE ItemID WHERE Items.PRICE > 3");  // d, e, f
  const Promotion promotions[] = {{&dear, nullptr, 50}};
  shop.request.numResults = 4;
  shop.request.controls.promotions = promotions;
  std::map<Ids, int> seen;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    shop.request.controls.seed = seed;
    const Ids ids = shop.list();
    REQUIRE(ids.size() == 4);
    Ids promoted, others;
    for (size_t i = 0; i < ids.size(); ++i)
      (shop.scratch.listMarks[i].how == ListMark::kPromoted ? promoted : others).push_back(ids[i]);
    CHECK(promoted == Ids{"d", "e"});
    CHECK(others == Ids{plain[0], plain[1]});
    ++seen[ids];
  }
  CHECK(seen.size() == 6);  // the places are drawn: 2 of 4
  for (const auto& [ids, times] : seen) CHECK(times > 60);
}

TEST_CASE("a share is the nearest whole number, halves rounded up") {
  Shop shop;
  const Filter all = shop.filter("EXCLUDE ItemID WHERE Items.ITEM_ID IN ('nothing')");
  for (const auto& [results, percent, count] : std::vector<std::array<uint32_t, 3>>{
           {5, 50, 3}, {5, 49, 2}, {5, 9, 0}, {5, 10, 1}, {5, 100, 5}, {6, 100, 6}, {0, 50, 0}}) {
    const Promotion promotions[] = {{&all, nullptr, percent}};
    shop.request.numResults = results;
    shop.request.controls.promotions = promotions;
    CHECK(shop.list().size() == results);
    size_t promoted = 0;
    for (const ListMark& mark : shop.scratch.listMarks) promoted += mark.how >= ListMark::kPromoted;
    CAPTURE(results, percent);
    CHECK(promoted == count);
  }
}

TEST_CASE("a small pool promotes fewer, and filters each concern their own items") {
  Shop shop;
  const Filter one = shop.filter("INCLUDE ItemID WHERE Items.ITEM_ID = 'f'");
  const Filter few = shop.filter("INCLUDE ItemID WHERE Items.ITEM_ID IN ('a', 'b')");
  const Promotion promotions[] = {{&one, nullptr, 50}, {&one, nullptr, 50}};
  shop.request.filter = &few;
  shop.request.controls.promotions = promotions;
  Ids ids = shop.list();
  std::sort(ids.begin(), ids.end());
  CHECK(ids == Ids{"a", "b", "f"});  // f once, and only promoted
}

TEST_CASE("scores stay the model's, whatever the order") {
  Shop shop(ModelKind::Transformer);
  const Ids plain = shop.list();
  std::map<std::string, float> scores;
  for (const Scored& one : shop.scratch.ranked)
    scores[std::string(shop.engine->items()[one.item])] = one.score;
  shop.request.controls.popularityDiscount = 1;
  const Ids ids = shop.list();
  CHECK(ids != plain);
  for (size_t i = 0; i < ids.size(); ++i) CHECK(shop.scratch.ranked[i].score == scores[ids[i]]);
}

TEST_CASE("at most so many items of a value, and lists are still filled from all items") {
  Shop shop;
  shop.request.controls.maxPerValue = 1;
  shop.request.controls.column = shop.engine->catalogue().find("GENRES");
  const Ids ids = shop.list();
  // Comedy: a, d; Drama: a, b; Action: e; none: c, f.
  const auto has = [&](const char* id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  CHECK(has("b"));
  CHECK_FALSE(has("a"));
  CHECK(has("c"));
  CHECK(has("d"));
  CHECK(has("e"));
  CHECK(has("f"));
}

TEST_CASE("diversity puts what resembles the items before it lower") {
  Shop shop(ModelKind::Transformer);
  const Ids plain = shop.list();
  shop.request.controls.diversity = 1;
  const Ids spread = shop.list();
  CHECK(spread.front() == plain.front());
  CHECK(spread.size() == plain.size());
  // The second item is the best of score less penalty, computed plainly.
  const Model& model = shop.engine->model();
  shop.request.controls = {};
  shop.list();
  std::vector<Scored> ranked(shop.scratch.ranked.begin(), shop.scratch.ranked.end());
  const float range = std::log(ranked.front().score) - std::log(ranked.back().score);
  size_t best = 1;
  const auto key = [&](size_t i) {
    return std::log(ranked[i].score) -
           2.65f / 6 * range * model.similarity(ranked[0].item, ranked[i].item);
  };
  for (size_t i = 2; i < ranked.size(); ++i)
    if (key(i) > key(best)) best = i;
  CHECK(spread[1] == shop.engine->items()[ranked[best].item]);
}

TEST_CASE(
    "exploration of weight 0 changes nothing, and above it draws new items with their chances") {
  Shop shop(ModelKind::Transformer);
  const Ids plain = shop.list();
  shop.request.controls.diversity = 1e-9f;
  shop.request.controls.explorationWeight = 0;
  CHECK(shop.list() == plain);
  // f has no users, so it is new.
  shop.request.controls = {.explorationWeight = 1};
  shop.request.numResults = 1;
  double expected = 0;
  int explored = 0;
  constexpr int kDraws = 20000;
  for (int seed = 0; seed < kDraws; ++seed) {
    shop.request.controls.seed = static_cast<uint64_t>(seed);
    const Ids ids = shop.list();
    const ListMark mark = shop.scratch.listMarks[0];
    CHECK((mark.how == ListMark::kExplored) == (ids[0] == "f"));
    const double chance = static_cast<double>(mark.propensity);
    expected = mark.how == ListMark::kExplored ? chance : 1 - chance;
    explored += ids[0] == "f";
  }
  CHECK(expected > 0.02);
  const double deviation = std::sqrt(expected * (1 - expected) / kDraws);
  CHECK(std::abs(explored / double{kDraws} - expected) < 4 * deviation);
}

TEST_CASE("what was shown and left aside is explored less at once") {
  Shop shop(ModelKind::Transformer);
  shop.request.controls = {.explorationWeight = 1};
  const auto chance = [&] {
    for (uint64_t seed = 0;; ++seed) {
      shop.request.controls.seed = seed;
      const Ids ids = shop.list();
      for (size_t i = 0; i < ids.size() && i < 1; ++i)
        if (ids[i] == "f") return shop.scratch.listMarks[i].propensity;
    }
  };
  const float before = chance();
  const uint32_t f = shop.engine->items().find("f");
  for (int i = 0; i < 20; ++i) REQUIRE(shop.session.noteShown({&f, 1}).ok());
  CHECK(shop.session.timesShown(f) == 20);
  CHECK(chance() < 0.5f * before);
  shop.session.clear();
  CHECK(shop.session.timesShown(f) == 0);
}

TEST_CASE("related items take promotions and maxima, and nothing is explored") {
  Shop shop;
  const Filter dear = shop.filter("INCLUDE ItemID WHERE Items.ITEM_ID = 'f'");
  const Promotion promotions[] = {{&dear, nullptr, 50}};
  shop.request.numResults = 2;
  shop.request.controls = {.promotions = promotions, .explorationWeight = 1};
  REQUIRE(shop.engine->related(0, nullptr, shop.request, shop.scratch).ok());
  Ids ids = idsOf(*shop.engine, shop.scratch.ranked.span());
  std::sort(ids.begin(), ids.end());
  CHECK(ids == Ids{"b", "f"});
  for (const ListMark& mark : shop.scratch.listMarks) CHECK(mark.how != ListMark::kExplored);
}
