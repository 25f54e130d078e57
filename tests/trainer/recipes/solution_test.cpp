#include "trainer/recipes/solution.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "trainer/base/errors.h"
#include "trainer/data/synthetic.h"

using namespace attune::trainer;
using Catch::Contains;

namespace {

/// A configuration file for the length of a test.
struct ConfigFile {
  explicit ConfigFile(const std::string& text) {
    ::close(::mkstemp(path.data()));
    std::ofstream(path) << text;
  }
  ~ConfigFile() { std::remove(path.c_str()); }
  std::string path = (std::filesystem::temp_directory_path() / "attune-config-XXXXXX").string();
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
      CHECK(parameters.has(parameter.name) != parameter.defaultValue.is_null());
      if (parameter.defaultValue.is_null()) continue;  // chosen from the data
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

namespace {

Solution readEvents(const std::string& list) {
  return read(R"({"recipe":"sims","solutionConfig":{"eventsConfig":{"eventParametersList":)" + list + "}}}");
}

}  // namespace

TEST_CASE("eventsConfig is read as Personalize writes it") {
  const Solution solution = readEvents(
      R"([{"eventType":"click","weight":0.25},{"eventType":"watch","eventValueThreshold":0.5,"weight":"1"},{"eventType":"buy"}])");
  REQUIRE(solution.eventRules.size() == 3);
  CHECK(solution.eventRules[0].weight == 0.25);
  CHECK_FALSE(solution.eventRules[0].valueThreshold.has_value());
  CHECK(*solution.eventRules[1].valueThreshold == 0.5);
  CHECK(solution.eventRules[2].weight == 1);
}

TEST_CASE("mistakes in eventsConfig are named with their place") {
  CHECK_THROWS_WITH(readEvents("[]"), Contains("at least one event type"));
  CHECK_THROWS_WITH(readEvents("{}"), Contains("must be an array"));
  CHECK_THROWS_WITH(readEvents("[5]"), Contains("eventParametersList[0]: expected an object"));
  CHECK_THROWS_WITH(readEvents(R"([{"weight":1}])"), Contains("[0]: eventType is missing"));
  CHECK_THROWS_WITH(readEvents(R"([{"eventType":""}])"), Contains("must not be empty"));
  CHECK_THROWS_WITH(readEvents(R"([{"eventType":"a","wieght":1}])"), Contains("did you mean weight"));
  for (const char* weight : {"1.5", "-0.1"})
    CHECK_THROWS_WITH(readEvents(R"([{"eventType":"a","weight":)" + std::string(weight) + "}]"),
                      Contains("[0].weight") && Contains("from 0 to 1") && Contains(weight));
  CHECK_THROWS_WITH(readEvents(R"([{"eventType":"a","weight":"much"}])"), Contains("\"much\" is not a number"));
  CHECK_THROWS_WITH(readEvents(R"([{"eventType":"Buy"},{"eventType":"buy"}])"), Contains("[1]") && Contains("twice"));
  CHECK_THROWS_WITH(readEvents(R"([{"eventType":"a","weight":0}])"), Contains("above 0"));
  CHECK_THROWS_WITH(read(R"({"recipe":"sims","eventsConfig":{"list":[]}})"), Contains("unknown key \"list\""));
  for (const char* other : {R"("eventType":"buy")", R"("eventValueThreshold":3)"})
    CHECK_THROWS_WITH(read(R"({"recipe":"sims","eventsConfig":{"eventParametersList":[{"eventType":"a"}]},)" +
                           std::string(other) + "}"),
                      Contains("cannot be there together"));
}

TEST_CASE("eventsConfig chooses the events and weighs them, types comparing in any case") {
  const Dataset shop = shopWorld({.users = 50, .items = 30, .interactions = 2000, .seed = 1});
  Solution solution{Parameters(findRecipe("sims")), "", std::nullopt,
                    {{"VIEW", std::nullopt, 0.2}, {"purchase", 20.0, 1}}};
  const Dataset chosen = selectEvents(shop, solution);
  const Interactions& events = chosen.interactions;
  REQUIRE(events.weight.size() == events.size());
  size_t views = 0, cheap = 0;
  for (size_t row = 0; row < events.size(); ++row) {
    const std::string& type = chosen.eventTypes[events.eventType[row]];
    views += type == "View";
    CHECK(events.weight[row] == (type == "View" ? 0.2f : 1.0f));
    if (type == "Purchase") CHECK(events.eventValue[row] >= 20);
  }
  for (size_t row = 0; row < shop.interactions.size(); ++row)
    cheap += shop.eventTypes[shop.interactions.eventType[row]] == "Purchase" &&
             shop.interactions.eventValue[row] < 20;
  CHECK(views > 0);
  CHECK(views < events.size());
  CHECK(cheap > 0);
}

TEST_CASE("one weight for all is no weight, and rules that leave nothing are refused") {
  const Dataset shop = shopWorld({.users = 50, .items = 30, .interactions = 2000, .seed = 1});
  Solution solution{Parameters(findRecipe("sims")), "", std::nullopt,
                    {{"View", std::nullopt, 0.5}, {"Purchase", std::nullopt, 0.5}}};
  CHECK(selectEvents(shop, solution).interactions.weight.empty());
  solution.eventRules = {{"Purchace", std::nullopt, 1}};
  CHECK_THROWS_WITH(selectEvents(shop, solution),
                    Contains("did you mean Purchase") && Contains("View") && Contains("Purchace"));
  solution.eventRules = {{"Purchase", 1e9, 1}};
  CHECK_THROWS_WITH(selectEvents(shop, solution), Contains("no interaction is left"));
  solution.eventRules = {{"View", std::nullopt, 0}, {"Purchase", 1e9, 1}};
  CHECK_THROWS_WITH(selectEvents(shop, solution), Contains("no interaction is left"));
}

TEST_CASE("protection is read by its names, noted where it is not the usual one, and can be off") {
  const auto read = [](const std::string& protection) {
    return readSolution(nlohmann::json::parse(R"({"recipe":"sims","protection":)" + protection + "}"),
                        "c.json");
  };
  const Solution changed = read(R"({"maxEventsPerUser":"7","maxSourceShare":0.1})");
  CHECK((changed.protection.maxEventsPerUser == 7 && changed.protection.maxSourceShare == 0.1));
  CHECK(changed.protection.maxEventsPerUserAndDay == Protection{}.maxEventsPerUserAndDay);
  CHECK(eventsToJson(changed)["protection"] ==
        nlohmann::json({{"maxEventsPerUser", 7.0}, {"maxSourceShare", 0.1}}));
  CHECK(read("false").protection == Protection::none());
  CHECK(eventsToJson(read("false"))["protection"] == false);
  CHECK(eventsToJson(read("true")).is_null());
  CHECK(eventsToJson(read("{}")).is_null());
}

TEST_CASE("what protection leaves out is not learned from, and not everything may go") {
  Dataset shop = shopWorld({.users = 50, .items = 30, .interactions = 2000, .seed = 1});
  Solution solution{Parameters(findRecipe("sims")), "", std::nullopt, {}};
  ProtectionReport report;
  CHECK(selectEvents(shop, solution, &report).interactions.size() == 2000);
  CHECK(report.details.empty());
  solution.protection.maxEventsPerUser = 5;
  CHECK(selectEvents(shop, solution, &report).interactions.size() <= 250);
  CHECK(report.leftOut[static_cast<size_t>(ProtectionRule::eventsPerUser)] >= 1750);
  // All of one robot.
  for (size_t row = 0; row < 2000; ++row) shop.interactions.origin.push_back({1, 5, false});
  for (uint32_t& user : shop.interactions.user) user = 0;
  for (int64_t& time : shop.interactions.timestamp) time = 1'700'000'000;
  CHECK_THROWS_WITH(selectEvents(shop, solution), Contains("protection leaves no interaction"));
}
