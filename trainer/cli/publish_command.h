#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// `attune publish` and `attune rollback`: a folder of signed manifest and content-addressed files.
void addPublishCommands(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
