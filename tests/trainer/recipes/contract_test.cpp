// What every recipe must do, on worlds whose right answers are planted. A new recipe is tested by
// being in schemas/recipes.json.
#include <algorithm>
#include <catch2/catch.hpp>

#include "trainer/data/split.h"
#include "trainer/data/synthetic.h"
#include "trainer/eval/evaluator.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

/// The defaults, but that every item of these worlds is cold enough to be an answer.
Parameters parametersOf(const std::string& recipe) {
  Parameters parameters(findRecipe(recipe));
  if (recipe == "hrnn-coldstart") {
    parameters.set("cold_start_max_interactions", "1000000");
    parameters.set("cold_start_max_duration", "36500");
    parameters.set("hidden_dimension", "43");
  }
  return parameters;
}

/// A training of a length and size that these worlds need.
std::vector<uint8_t> train(const Dataset& data, const std::string& recipe) {
  Parameters parameters = parametersOf(recipe);
  for (const auto& [name, value] :
       {std::pair{"epochs", "15"}, {"patience", "3"}, {"hidden_dimension", "32"}})
    if (parameters.has(name)) parameters.set(name, value);
  return trainBundle(data, {parameters, {.seed = 1}});
}

/// A short training where its length does not matter.
std::vector<uint8_t> trainBriefly(const Dataset& data, const std::string& recipe,
                                  unsigned threads) {
  Parameters parameters = parametersOf(recipe);
  for (const ParameterInfo& parameter : parameters.recipe().parameters)
    if (parameter.name == "epochs") parameters.set("epochs", "2");
  return trainBundle(data, {parameters, {.seed = 1, .threads = threads}});
}

double ndcg(const Dataset& data, const std::string& recipe) {
  const Split split = splitDataset(data, {.protocol = "leave-one-out"});
  const Evaluation evaluation = evaluateBundle(train(split.train, recipe), data, split);
  return (*evaluation.find("metrics"))["normalized_discounted_cumulative_gain_at_10"].value;
}

Dataset checkerboard() {
  return checkerboardWorld({.users = 200, .items = 60, .interactions = 4000, .seed = 1});
}

Dataset smallCheckerboard() {
  return checkerboardWorld({.users = 60, .items = 30, .interactions = 900, .seed = 1});
}

/// What a bundle has learned: everything but its header, which names the recipe.
std::vector<uint8_t> learned(const std::vector<uint8_t>& bundle) {
  const ServedBundle served(bundle, "a bundle");
  const auto* data = served.engine().bundle().header().data();
  return {data->begin(), data->end()};
}

/// The recipes that learn something of their own; of those that learn the same, the first.
std::vector<std::string> differentRecipes() {
  const Dataset data = smallCheckerboard();
  std::vector<std::vector<uint8_t>> met;
  std::vector<std::string> names;
  for (const RecipeInfo& recipe : recipeTable()) {
    auto one = learned(trainBriefly(data, recipe.name, 1));
    if (std::find(met.begin(), met.end(), one) != met.end()) continue;
    met.push_back(std::move(one));
    names.push_back(recipe.name);
  }
  return names;
}

}  // namespace

TEST_CASE("every recipe gives the same bundle for the same data, whatever the threads") {
  const Dataset data = smallCheckerboard();
  for (const RecipeInfo& recipe : recipeTable()) {
    CAPTURE(recipe.name);
    const auto bundle = trainBriefly(data, recipe.name, 1);
    CHECK(trainBriefly(data, recipe.name, 2) == bundle);
    CHECK(trainBriefly(data, recipe.name, 7) == bundle);
    CHECK(trainBriefly(data, recipe.name, 1) == bundle);
  }
}

TEST_CASE("every recipe's bundle opens in the runtime and knows every item") {
  const Dataset data = smallCheckerboard();
  for (const RecipeInfo& recipe : recipeTable()) {
    CAPTURE(recipe.name);
    const ServedBundle served(trainBriefly(data, recipe.name, 1), recipe.name);
    CHECK(served.engine().bundle().recipe() == recipe.name);
    CHECK(served.engine().items().size() == data.items.size());
    for (uint32_t item = 0; item < data.items.size(); ++item)
      CHECK(served.engine().items().find(data.items[item]) != kUnknownItem);
  }
}

TEST_CASE("every recipe but popularity finds the planted answers better than popularity does") {
  const Dataset boards = checkerboard();
  const Dataset walks = markovWorld({.users = 300, .items = 60, .interactions = 6000, .seed = 2});
  const double boardBaseline = ndcg(boards, "popularity-count");
  const double walkBaseline = ndcg(walks, "popularity-count");
  for (const std::string& recipe : differentRecipes()) {
    if (recipe == "popularity-count") continue;
    CAPTURE(recipe);
    CHECK(ndcg(boards, recipe) > 1.2 * boardBaseline);
    CHECK(ndcg(walks, recipe) > 1.5 * walkBaseline);
  }
}

TEST_CASE("one interaction gives a bundle that answers, or a clear reason why not") {
  Dataset data;
  data.users.add("u");
  data.items.add("i");
  data.interactions.user = {0};
  data.interactions.item = {0};
  data.interactions.timestamp = {1};
  data.interactions.eventType = {StringTable::kNone};
  data.interactions.eventValue = {0};
  data.userColumns = {};
  for (const RecipeInfo& recipe : recipeTable()) {
    CAPTURE(recipe.name);
    if (recipe.type == "USER_PERSONALIZATION" || recipe.type == "PERSONALIZED_RANKING") {
      CHECK_THROWS_WITH(train(data, recipe.name),
                        Catch::Contains("no user has enough interactions"));
      continue;
    }
    const ServedBundle served(train(data, recipe.name), recipe.name);
    Scratch scratch;
    REQUIRE(served.engine().recommend(Session(served.engine().items(), 1), {}, scratch).ok());
    CHECK(scratch.ranked.size() == 1);
  }
}

TEST_CASE("no interactions at all are the user's mistake to mend") {
  CHECK_THROWS_WITH(train(Dataset(), "sims"), Catch::Contains("no interactions"));
}

TEST_CASE(
    "the recipes of ranking learn what user-personalization learns, and answer both requests") {
  const Dataset data = smallCheckerboard();
  const auto lists = learned(trainBriefly(data, "user-personalization", 1));
  for (const char* recipe :
       {"user-personalization-v2", "personalized-ranking", "personalized-ranking-v2"}) {
    CAPTURE(recipe);
    const auto bundle = trainBriefly(data, recipe, 1);
    CHECK(learned(bundle) == lists);
    const ServedBundle served(bundle, recipe);
    Session session(served.engine().items(), 10);
    REQUIRE(session.record(served.engine().items()[3], "click", 1, 0).ok());
    Scratch scratch;
    REQUIRE(served.engine().recommend(session, {.numResults = 5}, scratch).ok());
    CHECK(scratch.ranked.size() == 5);
    const std::vector<uint32_t> given = {7, kUnknownItem, 2, 7};
    REQUIRE(served.engine().rank(session, given, scratch).ok());
    REQUIRE(scratch.ranked.size() == 2);
    CHECK(scratch.ranked[0].score + scratch.ranked[1].score == Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("a dimension that the heads do not divide is rounded up, for solutions of Personalize") {
  Parameters parameters(findRecipe("user-personalization"));
  for (const auto& [name, value] : {std::pair{"hidden_dimension", "149"}, {"epochs", "1"}})
    parameters.set(name, value);
  const ServedBundle served(trainBundle(smallCheckerboard(), {parameters}), "a bundle");
  CHECK(served.engine().bundle().header().transformer()->dimension() == 150);
}
