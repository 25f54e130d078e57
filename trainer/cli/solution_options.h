#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "trainer/recipes/solution.h"
#include "trainer/recipes/train.h"

namespace attune::trainer {

/// The options that say what to train; `train` and `evaluate` share them.
struct SolutionOptions {
  std::string store = "./attune.db";
  std::string recipe;
  std::string config;
  std::vector<std::string> settings;
  uint64_t seed = 1;
  unsigned threads = 0;  ///< 0 = one a core
};

/// Adds --store, --recipe, --config, --set, --seed and --threads to a command, and the recipes with
/// their parameters to its help.
void addSolutionOptions(CLI::App& command, SolutionOptions& options);

/// The threads to use.
unsigned threadCount(const SolutionOptions& options);

/// The recipe with its parameters, checked.
Solution solutionOf(const SolutionOptions& options);

/// The store's data, with only the events the solution asks for and its protection lets count; what
/// is left out is told on stderr, and in `report` when it is given.
Dataset loadTrainingData(const SolutionOptions& options, const Solution& solution,
                         ProtectionReport* report = nullptr);

}  // namespace attune::trainer
