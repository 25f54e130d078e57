#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace attune::trainer {

/// One hyper-parameter as schemas/recipes.json describes it.
struct ParameterInfo {
  std::string name;
  std::string type;  ///< "int", "float", "bool" or "choice"
  nlohmann::json defaultValue;  ///< null: the recipe chooses from the data
  double min = 0;
  double max = 0;
  bool tunable = false;
  std::string summary;
  std::vector<std::string> choices = {};  ///< of a "choice": the words it takes
};

/// The default as a user would write it.
std::string defaultText(const ParameterInfo& parameter);

/// The values a parameter takes, in words: "a whole number from 1 to 1000".
std::string rangeOf(const ParameterInfo& parameter);

/// One recipe as schemas/recipes.json describes it.
struct RecipeInfo {
  std::string name;
  std::string type;  ///< Personalize's recipe type, such as RELATED_ITEMS
  std::string summary;
  std::string like;  ///< the recipe whose parameters, and whose training, it shares; "" = none
  std::vector<ParameterInfo> parameters;
};

/// The recipes of a table as schemas/recipes.json is one. Throws when it is not: the table is a
/// part of the program.
std::vector<RecipeInfo> parseRecipes(const nlohmann::json& table);

/// All recipes, in the table's order.
const std::vector<RecipeInfo>& recipeTable();

/// The recipe a user means: its name, with or without Personalize's `aws-`, or a recipe ARN.
/// Throws UserError with a "did you mean" for anything else.
const RecipeInfo& findRecipe(std::string_view name);

/// A recipe's hyper-parameters: defaults, changed by what the user has set. Every value has been
/// checked against the table.
class Parameters {
 public:
  explicit Parameters(const RecipeInfo& recipe);

  /// Sets one from text, as on the command line and in Personalize's algorithmHyperParameters.
  /// Throws UserError for an unknown name (with a "did you mean") and for a value that is not of
  /// the parameter's type or out of its range.
  void set(const std::string& name, const std::string& value);

  /// Whether the recipe has the parameter, and it has a value: none where the default is to choose
  /// from the data.
  bool has(const std::string& name) const {
    const auto found = values_.find(name);
    return found != values_.end() && !found->second.is_null();
  }
  double number(const std::string& name) const { return values_.at(name).get<double>(); }
  int64_t integer(const std::string& name) const { return values_.at(name).get<int64_t>(); }
  bool flag(const std::string& name) const { return values_.at(name).get<bool>(); }
  std::string text(const std::string& name) const { return values_.at(name).get<std::string>(); }

  const RecipeInfo& recipe() const { return *recipe_; }
  nlohmann::json toJson() const { return values_; }

 private:
  const RecipeInfo* recipe_;
  std::map<std::string, nlohmann::json> values_;
};

}  // namespace attune::trainer
