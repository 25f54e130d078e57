#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace attune::trainer {

/// attune update: a bundle for newer data, with the weights of one that was trained before.
void addUpdateCommand(CLI::App& app, std::function<void()>& run);

}  // namespace attune::trainer
