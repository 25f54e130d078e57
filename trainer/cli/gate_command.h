#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// Adds `attune gate` to `app`; parsing sets `run` to its work when the command line names it.
/// REQUIRES: `run` outlives the parsing of `app`.
void addGateCommand(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
