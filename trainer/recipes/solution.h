#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/recipes/parameters.h"

namespace attune::trainer {

/// What to train and on which events: Personalize's solution, from its configuration file and the
/// command line.
struct Solution {
  Parameters parameters;
  std::string eventType;                     ///< only these events (any case); "" = all
  std::optional<double> eventValueThreshold; ///< only events of at least this value
};

/// Reads `{"recipeArn", "eventType", "solutionConfig": {"algorithmHyperParameters": {name: text},
/// "eventValueThreshold": text}}`, or just the inside of solutionConfig; then applies `settings`
/// ("name=value"). `recipe` may be empty when the file names one. Throws UserError with the place
/// for JSON that is not well-formed, unknown keys, and wrong values.
Solution readSolution(const std::string& recipe, const std::string& configPath,
                      const std::vector<std::string>& settings);

/// The dataset with only the solution's events (the same dataset when it has no such rule). Throws
/// UserError when no event is left, naming the event types there are.
Dataset selectEvents(Dataset data, const Solution& solution);

}  // namespace attune::trainer
