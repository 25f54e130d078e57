#include "trainer/cli/update_command.h"

#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/files.h"
#include "trainer/cli/filter_editor.h"
#include "trainer/cli/solution_options.h"
#include "trainer/data/split.h"
#include "trainer/data/store.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/sha256.h"
#include "trainer/recipes/update.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct UpdateCommand {
  SolutionOptions solution;  // of which only the store and the threads are asked for
  std::string bundle;
  std::string output;
  std::string validationBundle;
  std::string report;
  bool json = false;
};

ordered_json reportOf(const UpdateCommand& command, const Dataset& data,
                      const UpdatedBundle& updated, const std::string& recipe, double seconds) {
  return {{"recipe", recipe},
          {"data",
           {{"interactions", data.interactions.size()},
            {"users", data.users.size()},
            {"items", data.items.size()}}},
          {"items",
           {{"known", updated.items.known},
            {"added", updated.items.added},
            {"addedUnseen", updated.items.addedUnseen},
            {"removed", updated.items.removed}}},
          {"seconds", {{"total", std::round(seconds * 1000) / 1000}}},
          {"bundle",
           {{"path", command.output},
            {"bytes", updated.bytes.size()},
            {"sha256", toHex(sha256(updated.bytes))}}}};
}

void print(const ordered_json& report) {
  const auto& items = report["items"];
  std::cout << "recipe " << report["recipe"].get<std::string>() << ": "
            << report["data"]["interactions"] << " interactions; of the items " << items["known"]
            << " were known, " << items["added"] << " are new (" << items["addedUnseen"]
            << " of them without events), " << items["removed"] << " are gone\n"
            << "update " << report["seconds"]["total"] << " s\n"
            << "wrote " << report["bundle"]["path"].get<std::string>() << ": "
            << report["bundle"]["bytes"] << " bytes, sha256 "
            << report["bundle"]["sha256"].get<std::string>() << '\n';
}

void writeBundle(const std::string& path, std::span<const uint8_t> bytes) {
  const ServedBundle served(bytes, "the new bundle");  // never publish what cannot be opened
  writeFileAtomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// The update's twin that has not seen each user's last event.
void writeValidationBundle(const UpdateCommand& command, const Bundle& bundle,
                           const Dataset& data) {
  const Split split = splitDataset(data, {.protocol = "leave-one-out"});
  if (split.cases.empty()) {
    std::cerr << "no user has two events: no validation bundle is written\n";
    return;
  }
  writeBundle(command.validationBundle,
              updateBundle(bundle, command.bundle, split.train, threadCount(command.solution))
                  .bytes);
}

void update(const UpdateCommand& command) {
  const auto start = Clock::now();
  const ServedBundle before = ServedBundle::read(command.bundle);
  const Bundle& bundle = before.engine().bundle();
  const Dataset data = loadTrainingData(command.solution, solutionOfBundle(bundle, command.bundle));
  checkFilters(textsOf(before.engine().namedFilters()), data,
               textColumnsOf(bundle, command.bundle));
  const UpdatedBundle updated =
      updateBundle(bundle, command.bundle, data, threadCount(command.solution));
  if (!command.validationBundle.empty()) writeValidationBundle(command, bundle, data);
  writeBundle(command.output, updated.bytes);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const ordered_json report =
      reportOf(command, data, updated, std::string(bundle.recipe()), seconds);
  if (!command.report.empty()) writeFileAtomically(command.report, report.dump(2) + "\n");
  if (command.json)
    std::cout << report.dump(2) << '\n';
  else
    print(report);
}

}  // namespace

void addUpdateCommand(CLI::App& app, std::function<void()>& run) {
  CLI::App* command = app.add_subcommand(
      "update", "Bring a bundle up to date without training: new items, new counts, same weights");
  auto options = std::make_shared<UpdateCommand>();
  command->add_option("--store", options->solution.store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  command->add_option("--bundle", options->bundle, "The bundle to start from, or the folder it is published in")->required();
  command->add_option("--output", options->output, "The bundle to write; may be the same file")
      ->required();
  command->add_option("--validation-bundle", options->validationBundle,
                      "Where to write the same without each user's last event, for attune gate");
  command->add_option("--report", options->report, "Where to write the report, as JSON");
  command->add_option("--threads", options->solution.threads,
                      "Threads; the result does not depend on it (0: one a core)");
  command->add_flag("--json", options->json, "Print the report as one JSON document");
  command->footer(
      "Recipe, parameters and event rules are those the bundle was trained with. New items get a\n"
      "vector from their metadata and from what the same users had; popularity, neighbours and\n"
      "metadata are taken from the store as it is now. The weights stay: train anew for these.");
  command->callback([options, &run] { run = [options] { update(*options); }; });
}

}  // namespace attune::trainer
