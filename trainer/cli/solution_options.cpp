#include "trainer/cli/solution_options.h"

#include <algorithm>
#include <iostream>
#include <thread>

#include "trainer/cli/protection_report.h"
#include "trainer/data/dataset_loader.h"
#include "trainer/data/store.h"

namespace attune::trainer {
namespace {

bool hasParameter(const RecipeInfo& recipe, const std::string& name) {
  return std::any_of(recipe.parameters.begin(), recipe.parameters.end(),
                     [&](const ParameterInfo& parameter) { return parameter.name == name; });
}

/// What a recipe takes over from the one it is like: "parameters of sims, but not max_neighbours".
std::string inheritedHelp(const RecipeInfo& recipe, const RecipeInfo& base) {
  std::string help = "      the parameters of " + base.name;
  const char* separator = ", but not ";
  for (const ParameterInfo& parameter : base.parameters) {
    if (hasParameter(recipe, parameter.name)) continue;
    help += separator + parameter.name;
    separator = ", ";
  }
  return help + "\n";
}

std::string recipeHelp() {
  std::string help = "Recipes and what --set can change:\n";
  for (const RecipeInfo& recipe : recipeTable()) {
    help += "  " + recipe.name + "  " + recipe.summary + "\n";
    const RecipeInfo* base = recipe.like.empty() ? nullptr : &findRecipe(recipe.like);
    if (base != nullptr) help += inheritedHelp(recipe, *base);
    for (const ParameterInfo& parameter : recipe.parameters) {
      if (base != nullptr && hasParameter(*base, parameter.name)) continue;
      help += "      " + parameter.name + "=" + defaultText(parameter) + ", " + rangeOf(parameter) +
              "\n          " + parameter.summary + "\n";
    }
  }
  return help;
}

}  // namespace

void addSolutionOptions(CLI::App& command, SolutionOptions& options) {
  command.add_option("--store", options.store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  command.add_option("--recipe", options.recipe, "What to train; the names are below");
  command.add_option("--config", options.config, "A solution configuration as Personalize has it");
  command.add_option("--set", options.settings, "A recipe's parameter, name=value")->take_all();
  command.add_option("--seed", options.seed, "Seed of everything random")->capture_default_str();
  command.add_option("--threads", options.threads,
                     "Threads; the result does not depend on it (0: one a core)");
  command.footer(recipeHelp() + protectionHelp());
}

unsigned threadCount(const SolutionOptions& options) {
  return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

Solution solutionOf(const SolutionOptions& options) {
  return readSolution(options.recipe, options.config, options.settings);
}

Dataset loadTrainingData(const SolutionOptions& options, const Solution& solution,
                         ProtectionReport* report) {
  const auto store = openStore(options.store, StoreAccess::read);
  EventCounts events;
  Dataset data = loadDataset(*store, &events);
  if (events.unfit > 0)
    std::cerr << events.unfit << " of " << events.events
              << " collected events are left out: they have no fitting value for a field of the "
                 "Interactions schema that may not be null\n";
  ProtectionReport unasked;
  ProtectionReport& leftOut = report == nullptr ? unasked : *report;
  data = selectEvents(std::move(data), solution, &leftOut);
  if (const std::string text = toText(leftOut); !text.empty()) std::cerr << text << '\n';
  return data;
}

}  // namespace attune::trainer
