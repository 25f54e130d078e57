#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// `attune keygen`, `attune sign` and `attune verify`: keys, and manifests signed with them.
void addKeyCommands(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
