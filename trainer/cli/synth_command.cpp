#include "trainer/cli/synth_command.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "trainer/data/synthetic_files.h"

namespace attune::trainer {
namespace {

struct SynthCommand {
  std::string world = "shop";
  std::string output;
  bool json = false;
  SyntheticOptions options;
};

void report(const SynthCommand& command) {
  const SyntheticOptions& options = command.options;
  if (command.json) {
    const nlohmann::ordered_json document = {
        {"world", command.world},  {"users", options.users},
        {"items", options.items},  {"interactions", options.interactions},
        {"seed", options.seed},    {"end", options.end},
        {"output", command.output}};
    std::cout << document.dump() << '\n';
    return;
  }
  std::cout << command.world << " world: " << options.interactions << " interactions of "
            << options.users << " users with " << options.items << " items, seed " << options.seed
            << ", written to " << command.output << '\n';
}

void runSynth(const SynthCommand& command) {
  const SyntheticWorldKind kind = syntheticWorldKind(command.world);
  writeSyntheticWorld(makeSyntheticWorld(kind, command.options), command.output);
  report(command);
}

}  // namespace

void addSynthCommand(CLI::App& app, std::function<void()>& run) {
  auto command = std::make_shared<SynthCommand>();
  CLI::App* synth = app.add_subcommand(
      "synth", "Make a data set with a known truth: CSV files and schemas, repeatable by its seed");
  synth->add_option("--world", command->world, "shop, checkerboard or markov")
      ->capture_default_str();
  synth->add_option("--users", command->options.users, "Users, from 2")->capture_default_str();
  synth->add_option("--items", command->options.items, "Items, from 2")->capture_default_str();
  synth->add_option("--interactions", command->options.interactions, "Rows of interactions, from 1")
      ->capture_default_str();
  synth->add_option("--seed", command->options.seed, "Any whole number from 0")
      ->capture_default_str();
  synth
      ->add_option("--end", command->options.end,
                   "When the year of the rows ends, in seconds since 1970")
      ->capture_default_str();
  synth->add_option("--output", command->output, "Folder to write to, made when missing")
      ->required();
  synth->add_flag("--json", command->json, "Print one JSON document instead of a sentence");
  synth->callback([&run, command] { run = [command] { runSynth(*command); }; });
}

}  // namespace attune::trainer
