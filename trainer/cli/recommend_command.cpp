#include "trainer/cli/recommend_command.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/progress.h"
#include "trainer/data/dataset_loader.h"
#include "trainer/data/store.h"
#include "trainer/eval/batch_run.h"
#include "trainer/eval/list_options.h"
#include "trainer/eval/served_bundle.h"

namespace attune::trainer {
namespace {

struct RecommendCommand {
  std::string bundle;
  std::string store;
  std::string input = "-";
  std::string output = "-";
  std::string filter;
  std::string listOptions;
  bool compatible = false;
  uint32_t numResults = 25;
  unsigned threads = 0;
  bool json = false;
};

BatchCounts answerTo(const std::string& output, std::istream& in, const BatchAnswerer& answerer,
                     unsigned threads) {
  if (output == "-") {
    const auto write = [](std::string_view text) {
      if (!std::cout.write(text.data(), static_cast<std::streamsize>(text.size())))
        throw UserError("standard output cannot be written");
    };
    return answerLines(answerer, threads, in, write);
  }
  AtomicFile file(output);
  const BatchCounts counts =
      answerLines(answerer, threads, in, [&](std::string_view text) { file.write(text); });
  file.commit();
  return counts;
}

std::optional<StoredHistories> loadHistories(const std::string& store) {
  if (store.empty()) return std::nullopt;
  return StoredHistories(loadDataset(*openStore(store, StoreAccess::read)));
}

void summarise(const RecommendCommand& command, const BatchCounts& counts, double seconds) {
  if (command.json) {
    const nlohmann::ordered_json document = {{"lines", counts.lines},
                                             {"answered", counts.lines - counts.errors},
                                             {"errors", counts.errors},
                                             {"seconds", seconds},
                                             {"output", command.output}};
    std::cout << document.dump() << '\n';
    return;
  }
  char timing[64];
  std::snprintf(timing, sizeof timing, "%.2f s, ", seconds);
  const double rate = static_cast<double>(counts.lines) / std::max(seconds, 1e-3);
  std::cerr << "recommend: " << withThousands(counts.lines) << " lines, "
            << withThousands(counts.errors) << " with an error, " << timing
            << withThousands(static_cast<uint64_t>(rate)) << " lines/s\n";
}

FilterLanguage languageOf(const RecommendCommand& command) {
  return command.compatible ? FilterLanguage::compatible : FilterLanguage::extended;
}

void runRecommend(const RecommendCommand& command) {
  if (command.json && command.output == "-")
    throw UserError("--json needs --output FILE: standard output has the answers");
  std::ios::sync_with_stdio(false);
  const ServedBundle served = ServedBundle::read(command.bundle);
  std::optional<Filter> filter;
  if (!command.filter.empty()) {
    filter.emplace(parseFilter(filterExpression(served.engine().namedFilters(), command.filter),
                               served.engine().filterFields(), languageOf(command)));
    if (!filter->prepare(served.engine().filterRows()).ok()) throw std::bad_alloc();
  }
  std::ifstream file;
  if (command.input != "-") file = openForReading(command.input);
  const std::optional<StoredHistories> stored = loadHistories(command.store);
  ListOptions list;
  if (!command.listOptions.empty())
    readListOptionsFile(command.listOptions, served.engine(), languageOf(command), list);
  const BatchAnswerer answerer(
      served.engine(), stored ? &*stored : nullptr,
      {command.numResults, filter ? &*filter : nullptr, static_cast<double>(std::time(nullptr)),
       &list, languageOf(command)});
  const auto start = std::chrono::steady_clock::now();
  const BatchCounts counts =
      answerTo(command.output, command.input == "-" ? std::cin : file, answerer, command.threads);
  summarise(command, counts,
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace

void addRecommendCommand(CLI::App& app, std::function<void()>& run) {
  auto command = std::make_shared<RecommendCommand>();
  CLI::App* recommend = app.add_subcommand(
      "recommend", "Answer batch requests, one JSON object a line, from a bundle");
  recommend->add_option("--bundle", command->bundle, "The bundle, *.attune")->required();
  recommend->add_option("--store", command->store,
                        "Where the users' histories come from; without it they are empty");
  recommend->add_option("--input", command->input, "File of requests, - for standard input")
      ->capture_default_str();
  recommend->add_option("--output", command->output, "File of answers, - for standard output")
      ->capture_default_str();
  recommend
      ->add_option("--num-results", command->numResults,
                   "Length of the lists; a ranking has all items asked for")
      ->capture_default_str();
  recommend->add_option(
      "--filter", command->filter,
      "Filter for every request: an expression, or the name of one in the bundle");
  recommend->add_option("--list-options", command->listOptions,
                        "JSON file of what every list is to be: promotions, diversity, "
                        "explorationWeight and the package's other options; what a "
                        "request's line says itself counts instead");
  recommend->add_flag("--compatible", command->compatible,
                      "Take exactly the filters that Personalize takes");
  recommend->add_option("--threads", command->threads,
                        "Threads; the answers do not depend on it (0: one a core)");
  recommend->add_flag("--json", command->json, "Print the summary as one JSON document");
  recommend->callback([&run, command] { run = [command] { runRecommend(*command); }; });
}

}  // namespace attune::trainer
