#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// Adds every subcommand to `app`; parsing sets `run` to the work of the one named.
/// REQUIRES: `run` outlives the parsing of `app`.
void addCommands(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
