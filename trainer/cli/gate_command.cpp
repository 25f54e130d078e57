#include "trainer/cli/gate_command.h"

#include <iostream>
#include <memory>
#include <optional>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/cli/solution_options.h"
#include "trainer/data/store.h"
#include "trainer/eval/publish_gate.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/update.h"

namespace attune::trainer {
namespace {

struct GateCommand {
  SolutionOptions solution;  // of which only the store and the threads are asked for
  std::string bundle;
  std::string validation;
  std::string against;
  std::string report;
  GateLimits limits;
  bool json = false;
};

std::optional<ServedBundle> readIfNamed(const std::string& path) {
  if (path.empty()) return std::nullopt;
  return ServedBundle::read(path);
}

void gate(const GateCommand& command) {
  const ServedBundle candidate = ServedBundle::read(command.bundle);
  const auto validation = readIfNamed(command.validation);
  const auto published = readIfNamed(command.against);
  const Dataset data = loadTrainingData(
      command.solution, solutionOfBundle(candidate.engine().bundle(), command.bundle));
  const GateVerdict verdict =
      judge({candidate, validation ? &*validation : nullptr, published ? &*published : nullptr},
            data, command.limits, threadCount(command.solution));
  const auto report = verdict.toJson();
  if (!command.report.empty()) writeFileAtomically(command.report, report.dump(2) + '\n');
  if (command.json)
    std::cout << report.dump(2) << '\n';
  else
    std::cout << verdict.toText();
  std::cout.flush();
  if (!verdict.refusal.empty()) throw UserError("refused: " + verdict.refusal);
}

}  // namespace

void addGateCommand(CLI::App& app, std::function<void()>& run) {
  CLI::App* command = app.add_subcommand(
      "gate", "Judge a new bundle beside the published one: exit 0 to publish it, 2 not to");
  auto options = std::make_shared<GateCommand>();
  command->add_option("--store", options->solution.store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  command->add_option("--bundle", options->bundle, "The new bundle")->required();
  command->add_option("--validation-bundle", options->validation,
                      "Its twin without each user's last event, from train or update");
  command->add_option("--against", options->against,
                      "The bundle in use, or the folder it is published in");
  for (const GateLimit& limit : kGateLimits)
    command->add_option(limit.option, options->limits.*limit.value, limit.meaning)
        ->check(CLI::Range(0.0, limit.most))
        ->capture_default_str();
  command->add_option("--report", options->report, "Where to write the report, as JSON");
  command->add_option("--threads", options->solution.threads,
                      "Threads; the result does not depend on it (0: one a core)");
  command->add_flag("--json", options->json, "Print the report as one JSON document");
  command->footer(
      "The new bundle has learned from everything, so its quality is that of its twin, asked for\n"
      "events that neither the twin nor the bundle in use has seen. Without a twin, or with too\n"
      "few such events, quality is not judged; items, coverage and churn are.");
  command->callback([options, &run] { run = [options] { gate(*options); }; });
}

}  // namespace attune::trainer
