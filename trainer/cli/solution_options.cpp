#include "trainer/cli/solution_options.h"

#include <algorithm>
#include <thread>

#include "trainer/data/dataset_loader.h"
#include "trainer/data/store.h"

namespace attune::trainer {
namespace {

std::string recipeHelp() {
  std::string help = "Recipes and what --set can change:\n";
  for (const RecipeInfo& recipe : recipeTable()) {
    help += "  " + recipe.name + "  " + recipe.summary + "\n";
    for (const ParameterInfo& parameter : recipe.parameters) {
      help += "      " + parameter.name + "=" + defaultText(parameter) + ", " +
              rangeOf(parameter) + "\n          " + parameter.summary + "\n";
    }
  }
  return help;
}

}  // namespace

void addSolutionOptions(CLI::App& command, SolutionOptions& options) {
  command.add_option("--store", options.store, "The store: a file")->capture_default_str();
  command.add_option("--recipe", options.recipe, "What to train; the names are below");
  command.add_option("--config", options.config, "A solution configuration as Personalize has it");
  command.add_option("--set", options.settings, "A recipe's parameter, name=value")->take_all();
  command.add_option("--seed", options.seed, "Seed of everything random")->capture_default_str();
  command.add_option("--threads", options.threads,
                     "Threads; the result does not depend on it (0: one a core)");
  command.footer(recipeHelp());
}

unsigned threadCount(const SolutionOptions& options) {
  return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

Solution solutionOf(const SolutionOptions& options) {
  return readSolution(options.recipe, options.config, options.settings);
}

Dataset loadTrainingData(const SolutionOptions& options, const Solution& solution) {
  const auto store = openStore(options.store, StoreAccess::read);
  return selectEvents(loadDataset(*store), solution);
}

}  // namespace attune::trainer
