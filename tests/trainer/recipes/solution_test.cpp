#include "trainer/recipes/solution.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "trainer/base/errors.h"
#include "trainer/data/synthetic.h"

using namespace attune::trainer;
using Catch::Contains;

namespace {

/// A configuration file for the length of a test.
struct ConfigFile {
  explicit ConfigFile(const std::string& text) { std::ofstream(path) << text; }
  ~ConfigFile() { std::remove(path.c_str()); }
  std::string path = std::tmpnam(nullptr);
};

Solution read(const std::string& text) { return readSolution("", ConfigFile(text).path, {}); }

}  // namespace

TEST_CASE("recipes go by their name, Personalize's name and their ARN") {
  for (const char* name : {"sims", "aws-sims", "arn:aws:personalize:::recipe/aws-sims"})
    CHECK(findRecipe(name).name == "sims");
}

TEST_CASE("an unknown recipe is refused with the closest one and all there are") {
  CHECK_THROWS_WITH(findRecipe("smis"), Contains("did you mean sims") && Contains("popularity-count"));
  CHECK_THROWS_WITH(findRecipe("zzzzzzzzzz"), !Contains("did you mean"));
}

TEST_CASE("every recipe's defaults lie within their own ranges") {
  for (const RecipeInfo& recipe : recipeTable())
    for (const ParameterInfo& parameter : recipe.parameters) {
      CAPTURE(recipe.name, parameter.name);
      Parameters parameters(recipe);
      CHECK_NOTHROW(parameters.set(parameter.name, defaultText(parameter)));
    }
}

TEST_CASE("parameters of the wrong name, type or range are refused, saying what would do") {
  Parameters parameters(findRecipe("sims"));
  CHECK_THROWS_WITH(parameters.set("max_neighbors", "5"), Contains("did you mean max_neighbours"));
  CHECK_THROWS_WITH(parameters.set("max_neighbours", "5.5"), Contains("a whole number from 1 to 1000"));
  CHECK_THROWS_WITH(parameters.set("max_neighbours", "0"), Contains("not \"0\""));
  CHECK_THROWS_WITH(parameters.set("recency_decay", "nan"), Contains("a number from 0.01 to 1.0"));
  CHECK_THROWS_WITH(parameters.set("recency_decay", ""), Contains("recency_decay"));
  CHECK(parameters.number("recency_decay") == findRecipe("sims").parameters[7].defaultValue);
}

TEST_CASE("a choice takes its words alone and is refused with all of them") {
  Parameters parameters(findRecipe("hrnn-coldstart"));
  CHECK(parameters.text("cold_start_relative_from") == "latestItem");
  parameters.set("cold_start_relative_from", "currentTime");
  CHECK(parameters.text("cold_start_relative_from") == "currentTime");
  CHECK(parameters.toJson().at("cold_start_relative_from") == "currentTime");
  for (const char* wrong : {"", "latestitem", "\"latestItem\"", "now", "null"})
    CHECK_THROWS_WITH(parameters.set("cold_start_relative_from", wrong),
                      Contains("must be latestItem or currentTime"));
  CHECK(parameters.text("cold_start_relative_from") == "currentTime");
}

TEST_CASE("a configuration is read as Personalize writes it, values being strings") {
  const Solution solution = read(R"({"recipeArn": "arn:aws:personalize:::recipe/aws-sims",
    "eventType": "watch", "solutionConfig": {"eventValueThreshold": "3.5",
    "algorithmHyperParameters": {"min_cointeraction_count": "5"}}})");
  CHECK(solution.parameters.recipe().name == "sims");
  CHECK(solution.parameters.integer("min_cointeraction_count") == 5);
  CHECK(solution.eventType == "watch");
  CHECK(*solution.eventValueThreshold == 3.5);
}

TEST_CASE("what the command line sets wins over the file") {
  const ConfigFile file(R"({"algorithmHyperParameters": {"max_neighbours": 7}})");
  CHECK(readSolution("sims", file.path, {}).parameters.integer("max_neighbours") == 7);
  CHECK(readSolution("sims", file.path, {"max_neighbours=9"}).parameters.integer("max_neighbours") == 9);
}

TEST_CASE("mistakes in a configuration are named with their place") {
  CHECK_THROWS_WITH(read("{"), Contains("not JSON"));
  CHECK_THROWS_WITH(read("[1]"), Contains("expected a JSON object"));
  CHECK_THROWS_WITH(read(R"({"recipe":"sims","algoritmHyperParameters":{}})"),
                    Contains("did you mean algorithmHyperParameters"));
  CHECK_THROWS_WITH(read(R"({"recipe":"sims","eventValueThreshold":"high"})"),
                    Contains("\"high\" is not a number"));
  CHECK_THROWS_WITH(readSolution("", "", {}), Contains("--recipe is missing"));
  CHECK_THROWS_WITH(readSolution("sims", "", {"max_neighbours"}), Contains("name=value"));
  CHECK_THROWS_AS(readSolution("sims", "/no/such/file", {}), UserError);
}

TEST_CASE("event type and value choose the events to learn from") {
  const Dataset shop = shopWorld({.users = 50, .items = 30, .interactions = 2000, .seed = 1});
  Solution solution{Parameters(findRecipe("sims")), "purchase", std::nullopt};
  const Dataset bought = selectEvents(shop, solution);
  CHECK(bought.interactions.size() > 0);
  CHECK(bought.interactions.size() < shop.interactions.size());
  for (const uint32_t type : bought.interactions.eventType)
    CHECK(bought.eventTypes[type] == "Purchase");
  solution.eventType = "listen";
  CHECK_THROWS_WITH(selectEvents(shop, solution), Contains("no interaction is left") && Contains("Purchase"));
}
