#include "trainer/recipes/parameters.h"

#include <catch2/catch.hpp>
#include <set>

#include "trainer/base/errors.h"

using namespace attune::trainer;
using nlohmann::json;

namespace {

json parameter(const std::string& name, int defaultValue) {
  return {{"name", name}, {"type", "int"}, {"default", defaultValue}, {"min", 0},
          {"max", 100},   {"tunable", false}, {"summary", "of " + name}};
}

/// `rest` is JSON: what the recipe says beside its name.
json recipe(const std::string& name, const std::string& rest) {
  json all = json::parse(rest);
  all.update({{"name", name}, {"type", "RELATED_ITEMS"}, {"summary", "s"}});
  return all;
}

json withParameters(json recipe, const std::vector<json>& parameters) {
  recipe["parameters"] = parameters;
  return recipe;
}

/// "a=1 b=2" of the last recipe of a table of these.
std::string lastOf(const std::vector<json>& recipes) {
  json table;
  table["recipes"] = recipes;
  const std::vector<RecipeInfo> parsed = parseRecipes(table);
  std::string text;
  for (const ParameterInfo& one : parsed.back().parameters)
    text += (text.empty() ? "" : " ") + one.name + "=" + one.defaultValue.dump();
  return text;
}

const json kBase = withParameters(recipe("base", "{}"), {parameter("a", 1), parameter("b", 2)});
const std::string kLikeBase = R"({"like": "base"})";
const std::string kLess = R"({"like": "base", "without": ["a"]})";

}  // namespace

TEST_CASE("a recipe like another has its parameters, fewer or changed ones, and its own after them") {
  CHECK(lastOf({kBase, recipe("same", kLikeBase)}) == "a=1 b=2");
  CHECK(lastOf({kBase, withParameters(recipe("more", kLikeBase), {parameter("c", 3)})}) ==
        "a=1 b=2 c=3");
  CHECK(lastOf({kBase, withParameters(recipe("other", kLikeBase), {parameter("a", 9)})}) == "a=9 b=2");
  CHECK(lastOf({kBase, recipe("less", kLess)}) == "b=2");
  CHECK(lastOf({kBase, recipe("less", kLess), recipe("child", R"({"like": "less"})")}) == "b=2");
}

TEST_CASE("a table that speaks of recipes or parameters that are not there is refused") {
  CHECK_THROWS_AS(lastOf({recipe("x", kLikeBase)}), std::logic_error);
  CHECK_THROWS_AS(lastOf({recipe("x", kLikeBase), kBase}), std::logic_error);
  CHECK_THROWS_AS(lastOf({kBase, recipe("x", R"({"like": "base", "without": ["z"]})")}), std::logic_error);
}

TEST_CASE("both versions of Personalize's personalised recipes take Personalize's parameters") {
  for (const char* name : {"aws-user-personalization", "aws-personalized-ranking"}) {
    Parameters parameters(findRecipe(name));
    parameters.set("hidden_dimension", "149");
    parameters.set("bptt", "32");
    parameters.set("recency_mask", "True");
    parameters.set("max_user_history_length_percentile", "0.99");
    CHECK_FALSE(parameters.has("apply_recency_bias"));
  }
  for (const char* name : {"aws-user-personalization-v2", "aws-personalized-ranking-v2"}) {
    Parameters parameters(findRecipe(name));
    CHECK(parameters.flag("apply_recency_bias"));
    parameters.set("apply_recency_bias", "false");
    CHECK_FALSE(parameters.flag("apply_recency_bias"));
    CHECK_THROWS_AS(parameters.set("bptt", "32"), UserError);
    CHECK_THROWS_AS(parameters.set("apply_recency_bias", "yes"), UserError);
  }
  CHECK(findRecipe("aws-personalized-ranking").type == "PERSONALIZED_RANKING");
  CHECK(findRecipe("aws-personalized-ranking-v2").type == "PERSONALIZED_RANKING");
  CHECK(findRecipe("aws-user-personalization-v2").type == "USER_PERSONALIZATION");
}

TEST_CASE("no recipe lists a parameter twice") {
  for (const RecipeInfo& recipe : recipeTable()) {
    CAPTURE(recipe.name);
    std::set<std::string> names;
    for (const ParameterInfo& parameter : recipe.parameters) {
      CAPTURE(parameter.name);
      CHECK(names.insert(parameter.name).second);
    }
  }
}
