#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// `attune delete-user` and `attune export`.
void addUserCommands(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
