#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/protection.h"
#include "trainer/recipes/parameters.h"

namespace attune::trainer {

/// One entry of eventsConfig: which events of a type are learned from, and how much each says.
struct EventRule {
  std::string eventType;  ///< compares in any case
  std::optional<double> valueThreshold;
  double weight = 1;  ///< 0..1, of the event as what is to be foretold; only ratios matter
};

/// What to train and on which events: Personalize's solution, from its configuration file and the
/// command line.
struct Solution {
  Parameters parameters;
  std::string eventType;                     ///< only these events (any case); "" = all
  std::optional<double> eventValueThreshold; ///< only events of at least this value
  std::vector<EventRule> eventRules = {};    ///< only events of these types; empty = all
  Protection protection = {};                ///< what single clients may contribute
};

/// Reads `{"recipeArn", "eventType", "solutionConfig": {"algorithmHyperParameters": {name: text},
/// "eventValueThreshold": text, "eventsConfig": {"eventParametersList": [{"eventType",
/// "eventValueThreshold", "weight"}]}, "protection": {name: number} or false}}`, or just the inside of solutionConfig; then applies `settings`
/// ("name=value"). `recipe` may be empty when the file names one. Throws UserError with the place
/// for JSON that is not well-formed, unknown keys, and wrong values.
Solution readSolution(const std::string& recipe, const std::string& configPath,
                      const std::vector<std::string>& settings);

/// The same from JSON in memory; `where` names it in errors.
Solution readSolution(const nlohmann::json& config, const std::string& where);

/// Which events the solution learns from, as readSolution() understands it: some of eventType,
/// eventValueThreshold, eventsConfig and protection; null where it learns from all alike and has the
/// usual protection.
nlohmann::json eventsToJson(const Solution& solution);

/// The dataset with only the solution's events (the same dataset when it has no such rule), each
/// with its weight where eventRules give different ones. Before, what the solution's protection does
/// not let count is left out; `report`, when given, says what. Throws UserError when no event is left or a
/// rule's type is not in the data, naming the event types there are.
Dataset selectEvents(Dataset data, const Solution& solution, ProtectionReport* report = nullptr);

}  // namespace attune::trainer
