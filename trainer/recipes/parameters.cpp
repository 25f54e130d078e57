#include "trainer/recipes/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "trainer/base/errors.h"
#include "trainer/base/suggest.h"

namespace attune::trainer {
namespace {

constexpr const char* kRecipesJson =
#include "recipes_json.inc"
    ;

ParameterInfo parseParameter(const nlohmann::json& json) {
  ParameterInfo parameter;
  parameter.name = json.at("name");
  parameter.type = json.at("type");
  parameter.defaultValue = json.at("default");
  parameter.min = json.value("min", 0.0);
  parameter.max = json.value("max", 0.0);
  parameter.tunable = json.at("tunable");
  parameter.summary = json.at("summary");
  parameter.choices = json.value("choices", std::vector<std::string>());
  return parameter;
}

std::vector<RecipeInfo> parseTable() {
  std::vector<RecipeInfo> recipes;
  const nlohmann::json table = nlohmann::json::parse(kRecipesJson);
  for (const auto& json : table.at("recipes")) {
    RecipeInfo recipe{json.at("name"), json.at("type"), json.at("summary"), {}};
    for (const auto& parameter : json.at("parameters"))
      recipe.parameters.push_back(parseParameter(parameter));
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

/// The value as JSON, or null when the text is not one the parameter takes.
nlohmann::json parseValue(const ParameterInfo& parameter, const std::string& text) {
  if (parameter.type == "bool") {
    if (text == "true" || text == "false") return text == "true";
    return nullptr;
  }
  if (parameter.type == "choice") {
    const auto& choices = parameter.choices;
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) return nullptr;
    return text;
  }
  const char* end = text.data() + text.size();
  if (parameter.type == "int") {
    int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) return nullptr;
    const double number = static_cast<double>(value);
    return number >= parameter.min && number <= parameter.max ? nlohmann::json(value) : nullptr;
  }
  double value = 0;
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return nullptr;
  return value >= parameter.min && value <= parameter.max ? nlohmann::json(value) : nullptr;
}

}  // namespace

std::string defaultText(const ParameterInfo& parameter) {
  if (parameter.defaultValue.is_null()) return "(from the data)";
  if (parameter.type == "choice") return parameter.defaultValue.get<std::string>();
  return parameter.defaultValue.dump();
}

std::string rangeOf(const ParameterInfo& parameter) {
  if (parameter.type == "bool") return "true or false";
  if (parameter.type == "choice") {
    std::string all;
    for (const std::string& choice : parameter.choices) all += (all.empty() ? "" : " or ") + choice;
    return all;
  }
  const bool whole = parameter.type == "int";
  const auto text = [&](double limit) {
    return whole ? std::to_string(static_cast<int64_t>(limit)) : nlohmann::json(limit).dump();
  };
  return (whole ? "a whole number from " : "a number from ") + text(parameter.min) + " to " +
         text(parameter.max);
}

const std::vector<RecipeInfo>& recipeTable() {
  static const std::vector<RecipeInfo> table = parseTable();
  return table;
}

const RecipeInfo& findRecipe(std::string_view name) {
  std::string_view bare = name;
  constexpr std::string_view kArn = "arn:aws:personalize:::recipe/";
  if (bare.substr(0, kArn.size()) == kArn) bare.remove_prefix(kArn.size());
  if (bare.substr(0, 4) == "aws-") bare.remove_prefix(4);
  std::vector<std::string> names;
  std::string all;
  for (const RecipeInfo& recipe : recipeTable()) {
    if (recipe.name == bare) return recipe;
    names.push_back(recipe.name);
    all += (all.empty() ? "" : ", ") + recipe.name;
  }
  throw UserError("unknown recipe \"" + std::string(name) + "\"" + didYouMean(bare, names) +
                  " (recipes: " + all + ")");
}

Parameters::Parameters(const RecipeInfo& recipe) : recipe_(&recipe) {
  for (const ParameterInfo& parameter : recipe.parameters)
    values_[parameter.name] = parameter.defaultValue;
}

void Parameters::set(const std::string& name, const std::string& value) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : recipe_->parameters) {
    names.push_back(parameter.name);
    if (parameter.name != name) continue;
    nlohmann::json parsed = parseValue(parameter, value);
    if (parsed.is_null())
      throw UserError("recipe " + recipe_->name + ": " + name + " must be " + rangeOf(parameter) +
                      ", not \"" + value + "\"");
    values_[name] = std::move(parsed);
    return;
  }
  throw UserError("recipe " + recipe_->name + " has no parameter \"" + name + "\"" +
                  didYouMean(name, names));
}

}  // namespace attune::trainer
