#include "trainer/cli/train_command.h"

#include <malloc.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/progress.h"
#include "trainer/cli/filter_editor.h"
#include "trainer/cli/protection_report.h"
#include "trainer/cli/solution_options.h"
#include "trainer/cli/train_forecast.h"
#include "trainer/data/split.h"
#include "trainer/eval/evaluator.h"
#include "trainer/eval/report.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr const char* kLeaveOneOut = "leave-one-out";

struct TrainCommand {
  SolutionOptions solution;
  std::string validation = kLeaveOneOut;
  std::string validationBundle;
  std::string output;
  std::string report;
  std::string leftOut;
  std::vector<std::string> includeText;
  std::string filters;
  std::string precision = "int8";
  bool keepSeen = false;
  bool resume = false;
  bool json = false;
};

/// Trains on what the split keeps, asks the bundle, and popularity beside it.
struct Validation {
  Evaluation recipe;
  Evaluation popularity;
  nlohmann::json choices;  ///< what the recipe chose, for the training on everything
};

void writeBundle(const std::string& path, std::span<const uint8_t> bytes) {
  writeFileAtomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// The same training, with a checkpoint of its own and a bar to show how far it is.
TrainRequest observed(TrainRequest request, const TrainCommand& command, const char* name,
                      Progress& progress) {
  request.options.checkpointPath = command.output + "." + name + ".checkpoint";
  request.options.resume = command.resume;
  request.options.progress = &progress;
  return request;
}

/// Adds the seconds of its own training to `seconds`.
std::optional<Validation> validate(const TrainCommand& command, const Dataset& data,
                                   const TrainRequest& request, double& seconds) {
  const Split split = splitDataset(data, {.protocol = command.validation,
                                          .excludeSeen = !command.keepSeen,
                                          .seed = command.solution.seed});
  if (split.cases.empty()) return std::nullopt;
  const EvaluateOptions options{.threads = request.options.threads};
  const TrainRequest baseline{Parameters(findRecipe("popularity-count")), request.options};
  Progress progress("validation", ProgressTarget::onStderr());
  TrainRequest held = observed(request, command, "validation", progress);
  held.options.refit = false;
  const TrainedBundle trained = train(split.train, held);
  seconds += trained.seconds.model;
  if (!command.validationBundle.empty()) writeBundle(command.validationBundle, trained.bytes);
  return Validation{evaluateBundle(trained.bytes, data, split, options),
                    evaluateBundle(trainBundle(split.train, baseline), data, split, options),
                    trained.choices};
}

/// The values alone, for the bundle's provenance.
ordered_json metricValues(const Evaluation& evaluation) {
  ordered_json values;
  for (const NamedEstimate& metric : evaluation.sections.front().metrics)
    values[metric.name] = metric.estimate.value;
  return values;
}

ordered_json sectionBytes(const ServedBundle& served) {
  ordered_json bytes = ordered_json::object();
  for (const schema::Section* section : *served.engine().bundle().header().sections()) {
    const std::string name = schema::EnumNameSectionKind(section->kind());
    bytes[name] = bytes.value(name, uint64_t{0}) + section->length();
  }
  return bytes;
}

void print(const TrainCommand& command, const ordered_json& report,
           const std::optional<Validation>& validation) {
  if (command.json) {
    std::cout << report.dump(2) << '\n';
    return;
  }
  std::cout << "recipe " << report["recipe"].get<std::string>() << ": "
            << report["data"]["interactions"] << " interactions, " << report["data"]["users"]
            << " users, " << report["data"]["items"] << " items\n";
  if (validation)
    std::cout << "\nvalidation: " << command.validation
              << " (the bundle, asked through the runtime)\n"
              << toTable(validation->recipe, &validation->popularity, report["recipe"]) << '\n';
  if (report.contains("choices")) std::cout << "chosen: " << report["choices"].dump() << '\n';
  if (report.contains("firstPass"))
    std::cout << "first pass: " << report["firstPass"]["shortlist"]
              << " items are scored exactly, recall at 25 "
              << std::round(report["firstPass"]["recallAt25"].get<double>() * 1e4) / 1e4 << " of "
              << report["firstPass"]["queries"] << " lists\n";
  std::cout << "training " << report["seconds"]["training"] << " s, all "
            << report["seconds"]["total"] << " s, peak memory " << report["peakMemoryMegabytes"]
            << " MB\n"
            << "wrote " << command.output << ": " << report["bundle"]["bytes"] << " bytes, sha256 "
            << report["bundle"]["sha256"].get<std::string>() << '\n';
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

/// Says on stderr what training will take, where that can be told. A resumed one has less to do.
std::optional<TrainForecast> foretell(const TrainCommand& command, const Dataset& data,
                                      const TrainRequest& request) {
  if (command.resume) return std::nullopt;
  TrainRequest asked = request;
  // A training on everything that takes over choices begins anew.
  if (command.validation != "none") asked.options.choices = nlohmann::json::object();
  const auto forecast = forecastOf(data, asked);
  if (forecast) std::cerr << "forecast: " << forecast->toText() << '\n';
  return forecast;
}

/// Room of a megabyte and more goes back to the system when it is freed. Left alone, the C library
/// keeps more and more of it, in pieces that fit nothing: on ML-1M `hrnn` came to hold 600 MB, of
/// which it used 150.
void giveBackLargeBlocks() { mallopt(M_MMAP_THRESHOLD, 1 << 20); }

void train(const TrainCommand& command) {
  giveBackLargeBlocks();
  const auto start = Clock::now();
  if (!command.validationBundle.empty() && command.validation != kLeaveOneOut)
    throw UserError("--validation-bundle goes with --validation leave-one-out alone");
  const Solution solution = solutionOf(command.solution);
  const FilterTexts filters =
      command.filters.empty() ? FilterTexts() : readFilters(command.filters);
  ProtectionReport protection;
  const Dataset data = loadTrainingData(command.solution, solution, &protection);
  if (!command.leftOut.empty()) writeLeftOut(protection, command.leftOut);
  TrainRequest request{solution.parameters};
  request.options.seed = command.solution.seed;
  request.options.threads = threadCount(command.solution);
  request.includeText = {command.includeText.begin(), command.includeText.end()};
  checkFilters(filters, data, request.includeText);  // before hours of training
  request.filters = filters;
  request.events = eventsToJson(solution);
  if (command.precision == "f32") request.precision = BundlePrecision::float32;
  const auto forecast = foretell(command, data, request);
  TrainActual actual;
  const auto validation = validate(command, data, request, actual.seconds);
  if (validation) {
    request.metrics = metricValues(validation->recipe);
    request.options.choices = validation->choices;
  }
  Progress progress("training", ProgressTarget::onStderr());
  const TrainedBundle trained = train(data, observed(request, command, "training", progress));
  const std::vector<uint8_t>& bytes = trained.bytes;
  progress.finish();
  actual.seconds += trained.seconds.model;
  actual.megabytes = peakMegabytes();
  const ServedBundle served(bytes, "the new bundle");  // never publish what cannot be opened
  writeBundle(command.output, bytes);
  for (const char* name : {"validation", "training"})
    for (const char* pass : kPasses)
      std::remove((command.output + "." + name + ".checkpoint" + pass).c_str());

  ordered_json report = {{"recipe", solution.parameters.recipe().name},
                         {"parameters", solution.parameters.toJson()},
                         {"seed", command.solution.seed},
                         {"data",
                          {{"interactions", data.interactions.size()},
                           {"users", data.users.size()},
                           {"items", data.items.size()}}}};
  report["protection"] = toJson(protection);
  if (!trained.choices.is_null()) report["choices"] = trained.choices;
  if (trained.firstPass) report["firstPass"] = trained.firstPass->toJson();
  report["validation"] = command.validation;
  if (validation) {
    report.update(toJson(validation->recipe, &validation->popularity));
    report["popularity"] = metricValues(validation->popularity);
  }
  report["seconds"] = {
      {"training", rounded(trained.seconds.model)},
      {"bundle", rounded(trained.seconds.bundle)},
      {"total", rounded(std::chrono::duration<double>(Clock::now() - start).count())}};
  report["threads"] = request.options.threads;
  report["peakMemoryMegabytes"] = std::round(peakMegabytes());
  report["forecast"] = forecast ? forecast->toJson() : ordered_json(nullptr);
  report["actual"] = actual.toJson();
  report["bundle"] = {{"path", command.output},
                      {"bytes", bytes.size()},
                      {"sha256", toHex(sha256(bytes))},
                      {"sections", sectionBytes(served)}};
  if (!command.report.empty()) writeFileAtomically(command.report, report.dump(2) + "\n");
  print(command, report, validation);
  if (forecast && !command.json) std::cout << compare(*forecast, actual) << '\n';
}

}  // namespace

void addTrainCommand(CLI::App& app, std::function<void()>& run) {
  CLI::App* command = app.add_subcommand("train", "Learn from a store and write a bundle");
  auto options = std::make_shared<TrainCommand>();
  addSolutionOptions(*command, options->solution);
  command->add_option("--output", options->output, "The bundle to write")->required();
  command->add_option("--report", options->report, "Where to write the report, as JSON");
  command->add_option("--left-out", options->leftOut,
                      "Where to list what protection left out, and why, as JSON lines; the file "
                      "names users");
  command
      ->add_option("--validation", options->validation,
                   "What to hold back for the metrics; the bundle itself learns from everything")
      ->check(CLI::IsMember(protocolNames()))
      ->capture_default_str();
  command->add_option("--validation-bundle", options->validationBundle,
                      "Where to write the bundle without each user's last event, for attune gate");
  command
      ->add_option("--include-text", options->includeText,
                   "Text columns of the items to put into the bundle for display")
      ->delimiter(',');
  command->add_option(
      "--filters", options->filters,
      "Filters to put into the bundle by name, a JSON file {\"name\": \"expression\"}; "
      "attune filter --save changes them later");
  command->add_option("--precision", options->precision, "How weights are stored")
      ->check(CLI::IsMember({"int8", "f32"}))
      ->capture_default_str();
  command->add_flag("--resume", options->resume,
                    "Go on where an interrupted training with the same options and data stopped");
  command->add_flag("--keep-seen", options->keepSeen,
                    "In the metrics, items a user had before may be right answers");
  command->add_flag("--json", options->json, "Print the report as one JSON document");
  command->callback([options, &run] { run = [options] { train(*options); }; });
}

}  // namespace attune::trainer
