#include "trainer/eval/evaluator.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/trainer/eval/small_bundle.h"
#include "trainer/base/errors.h"
#include "trainer/data/synthetic.h"
#include "trainer/eval/report.h"
#include "trainer/recipes/train.h"

using namespace attune::trainer;

namespace {

/// Users who did a thing each, in a table whose item numbers differ from the bundle's.
struct Planted {
  Dataset full;
  Split split;

  Planted() {
    for (const char* id : {"e", "d", "c", "b", "a", "unknown"}) full.items.add(id);
    for (int i = 0; i < 5; ++i) split.train.items.add("item " + std::to_string(i));
    split.protocol = "leave-one-out";
    full.interactions.timestamp = {100};  // when all answers were given
  }

  void add(const std::vector<std::string>& history, const std::vector<std::string>& truth) {
    TestCase one;
    one.user = full.users.add("user " + std::to_string(full.users.size()));
    for (const std::string& id : history)
      one.history.push_back({full.items.find(id), StringTable::kNone,
                             static_cast<int64_t>(one.history.size()),
                             std::numeric_limits<float>::quiet_NaN()});
    for (const std::string& id : truth) one.truth.push_back(full.items.find(id));
    one.cold = history.empty();
    split.cases.push_back(one);
  }

  Evaluation evaluate(unsigned threads = 1) const {
    return evaluateBundle(smallBundle(), full, split, {.threads = threads});
  }
};

double valueOf(const Evaluation& evaluation, const char* section, const char* metric) {
  REQUIRE(evaluation.find(section) != nullptr);
  return (*evaluation.find(section))[metric].value;
}

}  // namespace

TEST_CASE("The evaluator asks the engine: hand-made bundle, ranks worked out on paper") {
  Planted planted;
  planted.add({"a"}, {"d"});       // d c b e: rank 1
  planted.add({"b"}, {"c"});       // e a c d: rank 3
  planted.add({"b", "a"}, {"e"});  // d (.5), c (.25 + .0006), e (.25 + .0002): rank 3
  const Evaluation result = planted.evaluate();
  CHECK(valueOf(result, "metrics", "mean_reciprocal_rank_at_25") ==
        Approx((1.0 + 1.0 / 3 + 1.0 / 3) / 3));
  CHECK(valueOf(result, "metrics", "precision_at_5") == Approx(0.2));
  CHECK(valueOf(result, "metrics", "coverage") == Approx(1.0));
  CHECK(result.find("metrics")->cases == 3);
  CHECK(result.find("next") == nullptr);
}

TEST_CASE("Items of the history are left out, unless seen items are kept") {
  Planted planted;
  planted.add({"c"}, {"d"});  // by popularity: a b (c) d e
  CHECK(valueOf(planted.evaluate(), "metrics", "mean_reciprocal_rank_at_25") == Approx(1.0 / 3));
  planted.split.excludeSeen = false;
  CHECK(valueOf(planted.evaluate(), "metrics", "mean_reciprocal_rank_at_25") == Approx(1.0 / 4));
}

TEST_CASE("A right item that the bundle does not have is a miss that counts") {
  Planted planted;
  planted.add({"a"}, {"d", "unknown"});
  const Evaluation result = planted.evaluate();
  CHECK(valueOf(result, "metrics", "recall_at_10") == Approx(0.5));
  CHECK(valueOf(result, "metrics", "hit_rate_at_10") == 1.0);
}

TEST_CASE("A temporal split is reported for warm users, their next item, and cold users") {
  Planted planted;
  planted.split.protocol = "temporal";
  planted.add({"a"}, {"b", "d"});  // d c b e: ranks 3 and 1
  planted.add({}, {"b"});          // a b c d e: rank 2
  const Evaluation result = planted.evaluate();
  CHECK(valueOf(result, "metrics", "mean_reciprocal_rank_at_25") == 1.0);
  CHECK(valueOf(result, "next", "mean_reciprocal_rank_at_25") == Approx(1.0 / 3));
  CHECK(valueOf(result, "cold", "mean_reciprocal_rank_at_25") == 0.5);
  CHECK(result.find("cold")->cases == 1);
}

TEST_CASE("The number of threads changes no digit of an evaluation") {
  const Dataset data = markovWorld({.users = 200, .items = 60, .interactions = 6000});
  const Split split = splitDataset(data, {.protocol = "leave-one-out", .excludeSeen = false});
  const auto bundle = trainBundle(split.train, {Parameters(findRecipe("sims"))});
  const auto one = evaluateBundle(bundle, data, split, {.threads = 1});
  const auto three = evaluateBundle(bundle, data, split, {.threads = 3});
  CHECK(toJson(one, nullptr).dump() == toJson(three, nullptr).dump());
  CHECK(valueOf(one, "metrics", "hit_rate_at_10") > 0.1);
}

TEST_CASE("A bundle that is not sound is an error in one line") {
  const Planted planted;
  std::vector<uint8_t> bytes = smallBundle();
  bytes.resize(bytes.size() / 2);
  CHECK_THROWS_AS(evaluateBundle(bytes, planted.full, planted.split), UserError);
}

TEST_CASE("The report sets popularity beside the recipe") {
  Planted planted;
  planted.add({"a"}, {"d"});
  const Evaluation result = planted.evaluate();
  const auto json = toJson(result, &result);
  CHECK(json["metrics"]["precision_at_5"]["value"] == Approx(0.2));
  CHECK(json["metrics"]["precision_at_5"]["popularity"] == Approx(0.2));
  CHECK(json["metrics"]["precision_at_5"]["se"] == 0.0);
  CHECK_FALSE(toJson(result, nullptr)["metrics"]["coverage"].contains("popularity"));
  const std::string table = toTable(result, &result, "sims");
  CHECK_THAT(table, Catch::Contains("1 users with a history") && Catch::Contains("popularity") &&
                        Catch::Contains("hit_rate_at_10"));
}
