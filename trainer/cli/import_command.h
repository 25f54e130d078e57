#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// Adds `attune import` to `app`. When the command line names it, parsing sets `run` to its work.
/// REQUIRES: `run` outlives the parsing of `app`.
void addImportCommand(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
