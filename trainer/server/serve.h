#pragma once

#include <functional>
#include <string>

#include "trainer/server/serve_config.h"

namespace attune::trainer {

/// What `attune serve` is told.
struct ServeOptions {
  std::string store = "./attune.db";
  std::string listen = "127.0.0.1:8600";
  std::string adminListen =
      "127.0.0.1:8601";  ///< on this machine only: nothing there asks who calls
  ServeConfig config;
};

/// The addresses it listens on, with the ports it got.
struct ServeAddresses {
  std::string listen;
  std::string adminListen;
};

/// Serves until SIGTERM or SIGINT, then answers what is under way and returns. `onReady` is called
/// once requests are taken. Throws UserError: no store there can be written, an address is taken.
void serve(const ServeOptions& options, const std::function<void(const ServeAddresses&)>& onReady);

}  // namespace attune::trainer
