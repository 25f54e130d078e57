#include "trainer/recipes/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

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

/// Where the parameter of that name is, or the end.
auto place(std::vector<ParameterInfo>& parameters, const std::string& name) {
  return std::find_if(parameters.begin(), parameters.end(),
                      [&](const ParameterInfo& parameter) { return parameter.name == name; });
}

const RecipeInfo& earlierRecipe(const std::vector<RecipeInfo>& recipes, const std::string& name) {
  for (const RecipeInfo& recipe : recipes)
    if (recipe.name == name) return recipe;
  throw std::logic_error("schemas/recipes.json: no recipe " + name + " above the one that is like it");
}

/// A recipe's parameters: those of the recipe it is "like", less those it is "without", then its
/// own, which replace the ones of the same name.
std::vector<ParameterInfo> parseParameters(const nlohmann::json& json,
                                           const std::vector<RecipeInfo>& recipes) {
  std::vector<ParameterInfo> parameters;
  if (json.contains("like")) parameters = earlierRecipe(recipes, json.at("like")).parameters;
  for (const std::string name : json.value("without", nlohmann::json::array())) {
    const auto found = place(parameters, name);
    if (found == parameters.end())
      throw std::logic_error("schemas/recipes.json: there is no " + name + " to be without");
    parameters.erase(found);
  }
  for (const auto& own : json.value("parameters", nlohmann::json::array())) {
    ParameterInfo parameter = parseParameter(own);
    const auto found = place(parameters, parameter.name);
    if (found == parameters.end())
      parameters.push_back(std::move(parameter));
    else
      *found = std::move(parameter);
  }
  return parameters;
}

}  // namespace

std::vector<RecipeInfo> parseRecipes(const nlohmann::json& table) {
  std::vector<RecipeInfo> recipes;
  for (const auto& json : table.at("recipes")) {
    RecipeInfo recipe{json.at("name"), json.at("type"), json.at("summary"), json.value("like", ""), {}};
    recipe.parameters = parseParameters(json, recipes);
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

namespace {

/// "true" and "True" alike: Personalize's own examples write both.
std::string lowerCase(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

/// The value as JSON, or null when the text is not one the parameter takes.
nlohmann::json parseValue(const ParameterInfo& parameter, const std::string& text) {
  if (parameter.type == "bool") {
    const std::string word = lowerCase(text);
    if (word == "true" || word == "false") return word == "true";
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
  static const std::vector<RecipeInfo> table = parseRecipes(nlohmann::json::parse(kRecipesJson));
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
