#include "trainer/cli/evaluate_command.h"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/progress.h"
#include "trainer/cli/off_policy_options.h"
#include "trainer/cli/solution_options.h"
#include "trainer/data/split.h"
#include "trainer/eval/evaluator.h"
#include "trainer/eval/report.h"
#include "trainer/recipes/train.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

struct EvaluateCommand {
  SolutionOptions solution;
  OffPolicyCommand offPolicy;
  std::string protocol = "personalize";
  std::string report;
  bool keepSeen = false;
  bool json = false;
};

/// A recipe trained on one side of the split and examined on the other.
struct Examined {
  Evaluation evaluation;
  TrainSeconds training;
  size_t bundleBytes = 0;
};

Examined examine(const Parameters& parameters, const EvaluateCommand& command, const Dataset& full,
                 const Split& split) {
  const unsigned threads = threadCount(command.solution);
  TrainRequest request{parameters};
  request.options.seed = command.solution.seed;
  request.options.threads = threads;
  Examined examined;
  const TrainedBundle trained = train(split.train, request);
  examined.training = trained.seconds;
  examined.bundleBytes = trained.bytes.size();
  examined.evaluation = evaluateBundle(trained.bytes, full, split, {.threads = threads});
  return examined;
}

Split splitFor(const EvaluateCommand& command, const Dataset& data) {
  Split split = splitDataset(data, {.protocol = command.protocol,
                                    .excludeSeen = !command.keepSeen,
                                    .seed = command.solution.seed});
  if (split.cases.empty())
    throw UserError("the protocol " + command.protocol +
                    " leaves nothing to ask for: it needs users with two or more interactions" +
                    (command.keepSeen ? "" : " and, without --keep-seen, with different items"));
  return split;
}

ordered_json toDocument(const EvaluateCommand& command, const Parameters& parameters,
                        const Split& split, const Examined& recipe, const Examined& popularity) {
  ordered_json document = {{"recipe", parameters.recipe().name},
                           {"parameters", parameters.toJson()},
                           {"protocol", split.protocol},
                           {"excludeSeen", split.excludeSeen},
                           {"seed", command.solution.seed},
                           {"trainedOn",
                            {{"interactions", split.train.interactions.size()},
                             {"users", split.train.users.size()},
                             {"items", split.train.items.size()}}},
                           {"cases", split.cases.size()},
                           {"bundleBytes", recipe.bundleBytes},
                           {"seconds",
                            {{"training", recipe.training.model},
                             {"bundle", recipe.training.bundle},
                             {"evaluation", recipe.evaluation.seconds}}}};
  document.update(toJson(recipe.evaluation, &popularity.evaluation));
  return document;
}

std::string summaryOf(const Split& split, const Examined& recipe) {
  char seconds[96];
  std::snprintf(seconds, sizeof seconds, "trained in %.2f s, evaluated in %.2f s",
                recipe.training.model, recipe.evaluation.seconds);
  return split.protocol + (split.excludeSeen ? ", seen items excluded" : ", seen items allowed") +
         ": " + seconds + ", bundle of " + withThousands(recipe.bundleBytes) + " bytes\n";
}

/// Prints the document, or the text that says the same to people, and writes the report.
void show(const EvaluateCommand& command, const ordered_json& document, const std::string& text) {
  if (!command.report.empty()) writeFileAtomically(command.report, document.dump(2) + '\n');
  if (command.json)
    std::cout << document.dump() << '\n';
  else
    std::cout << text;
}

void evaluateRecipe(const EvaluateCommand& command) {
  const Solution solution = solutionOf(command.solution);
  const Dataset data = loadTrainingData(command.solution, solution);
  const Split split = splitFor(command, data);
  const Examined recipe = examine(solution.parameters, command, data, split);
  const Examined popularity =
      examine(Parameters(findRecipe("popularity-count")), command, data, split);
  show(command, toDocument(command, solution.parameters, split, recipe, popularity),
       summaryOf(split, recipe) +
           toTable(recipe.evaluation, &popularity.evaluation, solution.parameters.recipe().name));
}

void runEvaluate(const CLI::App& evaluate, const EvaluateCommand& command) {
  checkOffPolicyOptions(evaluate, command.offPolicy);
  if (command.offPolicy.log.empty()) return evaluateRecipe(command);
  const OffPolicyReport report = judgeLog(command.offPolicy, command.solution.seed);
  show(command, toJson(report), toText(report));
}

}  // namespace

void addEvaluateCommand(CLI::App& app, std::function<void()>& run) {
  auto command = std::make_shared<EvaluateCommand>();
  CLI::App* evaluate = app.add_subcommand(
      "evaluate",
      "Hold back a part of the data, train on the rest and see how well it is foretold; or "
      "judge a policy by the log of another one (--off-policy)");
  addSolutionOptions(*evaluate, command->solution);
  evaluate
      ->add_option("--protocol", command->protocol,
                   "What to hold back: personalize (all of one in ten users; their newest tenth is "
                   "asked for), leave-one-out (each user's last interaction) or temporal (the "
                   "newest tenth of all)")
      ->capture_default_str();
  evaluate->add_flag("--keep-seen", command->keepSeen,
                     "Recommend items that the user had before, and count them");
  evaluate->add_option("--report", command->report, "File for the report, as JSON");
  evaluate->add_flag("--json", command->json, "Print one JSON document instead of a table");
  addOffPolicyOptions(*evaluate, command->offPolicy);
  evaluate->callback([&run, evaluate, command] {
    run = [evaluate, command] { runEvaluate(*evaluate, *command); };
  });
}

}  // namespace attune::trainer
