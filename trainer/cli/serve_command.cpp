#include "trainer/cli/serve_command.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/data/store.h"
#include "trainer/export/ed25519.h"
#include "trainer/recipes/solution.h"
#include "trainer/server/log.h"
#include "trainer/server/serve.h"

namespace attune::trainer {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;

/// The options as they are typed.
struct ServeArguments {
  ServeOptions options;
  std::string config;
  std::string logLevel = "info";
};

/// For whoever started it: the addresses, as one JSON line.
void printAddresses(const ServeAddresses& addresses) {
  const nlohmann::ordered_json line{{"listen", addresses.listen},
                                    {"adminListen", addresses.adminListen}};
  std::cout << line.dump() << std::endl;
}

/// What would make every job fail is said before anything is served.
void checkCampaigns(const std::vector<CampaignConfig>& campaigns) {
  for (const CampaignConfig& campaign : campaigns) {
    nlohmann::json solution =
        campaign.solution.is_null() ? nlohmann::json::object() : campaign.solution;
    const std::string where = "campaign " + campaign.name;
    if (solution.contains("recipe") || solution.contains("recipeArn"))
      throw UserError(where + ": config: the recipe is named beside it, by the key recipe");
    solution["recipe"] = campaign.recipe;
    readSolution(solution, where);
    SigningKey::read(campaign.key);
  }
}

void runServe(const ServeArguments& arguments) {
  ServeOptions options = arguments.options;
  if (!arguments.config.empty())
    options.config =
        parseServeConfig(readTextFile(arguments.config, kMaxConfigBytes), arguments.config);
  checkCampaigns(options.config.campaigns);
  startLog(parseLogLevel(arguments.logLevel));
  serve(options, printAddresses);
}

}  // namespace

void addServeCommand(CLI::App& app, std::function<void()>& run) {
  auto arguments = std::make_shared<ServeArguments>();
  ServeOptions& options = arguments->options;
  CLI::App* command =
      app.add_subcommand("serve", "Collect events over HTTP into the store that training reads");
  command->add_option("--store", options.store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  command
      ->add_option("--listen", options.listen,
                   "Where trackers send to and devices load from: POST /events, /v1/events, GET "
                   "/bundles/CAMPAIGN/; port 0: any free one")
      ->capture_default_str();
  command
      ->add_option("--admin-listen", options.adminListen,
                   "An address of this machine: the same, and POST /items, /users, GET /metrics")
      ->capture_default_str();
  command->add_option("--config", arguments->config,
                      "JSON: eventTrackers, rateLimits, proxies, connections, minFreeMegabytes, and "
                      "campaigns that are trained, judged and published by a schedule");
  command
      ->add_option("--log-level", arguments->logLevel,
                   "debug, info, warning or error; JSON lines on standard error")
      ->capture_default_str();
  command->callback([arguments, &run] { run = [arguments] { runServe(*arguments); }; });
}

}  // namespace attune::trainer
