// The command attune. Exit codes: 0 fine; 2 something the user can put right, said in one line;
// 70 a mistake of ours.
#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "trainer/base/errors.h"
#include "trainer/base/suggest.h"
#include "trainer/cli/commands.h"

namespace {

using namespace attune::trainer;  // NOLINT: nothing but calls into it

constexpr int kUserCanFix = 2;
constexpr int kOurBug = 70;

/// What the user typed that no command or option is named like.
std::string suggestion(const CLI::App& app, int count, char** words) {
  if (count < 2) return "";
  const std::string first = words[1];
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  if (first[0] != '-' && std::find(names.begin(), names.end(), first) == names.end())
    return didYouMean(first, names);
  for (const CLI::App* command : app.get_subcommands())
    for (int i = 2; i < count; ++i) {
      std::vector<std::string> options;
      const std::string word = std::string(words[i]).substr(0, std::string(words[i]).find('='));
      for (const CLI::Option* option : command->get_options()) options.push_back(option->get_name());
      if (word[0] == '-' && std::find(options.begin(), options.end(), word) == options.end())
        return didYouMean(word, options);
    }
  return "";
}

/// Runs the parsed command. One of the two places that catch UserError.
int runCommand(const std::function<void()>& run) {
  try {
    run();
    std::cout.flush();
    if (!std::cout) throw UserError("standard output cannot be written");
    return 0;
  } catch (const UserError& error) {
    std::cerr << "attune: " << error.what() << '\n';
    return kUserCanFix;
  } catch (const std::bad_alloc&) {
    std::cerr << "attune: out of memory\n";
    return kUserCanFix;
  } catch (const std::exception& error) {
    std::cerr << "attune: internal error: " << error.what()
              << " (a mistake in Attune: please report it with the command)\n";
    return kOurBug;
  }
}

}  // namespace

int main(int count, char** words) {
  CLI::App app("Attune learns from interactions and writes small bundles that recommend on the device.",
               "attune");
  app.set_version_flag("--version", ATTUNE_VERSION);
  app.require_subcommand(1);
  std::function<void()> run;
  addCommands(app, run);
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "attune: " << error.what() << suggestion(app, count, words)
              << " (see attune --help)\n";
    return kUserCanFix;
  }
  return runCommand(run);
}
