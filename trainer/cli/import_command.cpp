#include "trainer/cli/import_command.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/data/importer.h"

namespace attune::trainer {
namespace {

/// The options as they are typed.
struct ImportArguments {
  std::string store = "./attune.db";
  std::string type;
  std::string schema;
  std::vector<std::string> files;
  std::string mode = "full";
  std::string maxBad = "1%";
  std::string quarantine;
  bool json = false;
};

ImportMode parseMode(const std::string& mode) {
  if (mode == "full") return ImportMode::full;
  if (mode == "incremental") return ImportMode::incremental;
  throw UserError("unknown --mode \"" + mode + "\": use full or incremental");
}

ImportOptions toOptions(const ImportArguments& arguments) {
  ImportOptions options;
  options.store = arguments.store;
  options.type = parseDatasetType(arguments.type);
  options.schema = arguments.schema;
  options.files = arguments.files;
  options.mode = parseMode(arguments.mode);
  options.maxBad = BadRowLimit::parse(arguments.maxBad);
  options.quarantine = arguments.quarantine;
  options.nowSeconds = std::time(nullptr);
  return options;
}

uint64_t peakResidentBytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

uint64_t rowsPerSecond(const ImportSummary& summary) {
  const double seconds = std::max(summary.seconds, 1e-6);
  return static_cast<uint64_t>(std::llround(static_cast<double>(summary.rowsRead) / seconds));
}

void printJson(const ImportOptions& options, const ImportSummary& summary) {
  nlohmann::ordered_json out;
  out["store"] = storeName(options.store);
  out["type"] = datasetTypeName(options.type);
  out["mode"] = options.mode == ImportMode::full ? "full" : "incremental";
  out["rowsRead"] = summary.rowsRead;
  out["rowsKept"] = summary.rowsKept;
  out["rowsBad"] = summary.rowsBad;
  out["rowsDuplicate"] = summary.rowsDuplicate;
  out["recordsReplaced"] = summary.recordsReplaced;
  out["textsCut"] = summary.textsCut;
  out["dataset"] = {{"rows", summary.dataset.rows},
                    {"users", summary.dataset.users},
                    {"items", summary.dataset.items}};
  out["seconds"] = summary.seconds;
  out["rowsPerSecond"] = rowsPerSecond(summary);
  out["peakResidentBytes"] = peakResidentBytes();
  if (summary.quarantine.empty())
    out["quarantine"] = nullptr;
  else
    out["quarantine"] = summary.quarantine;
  using Json = nlohmann::ordered_json;
  std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

void printLine(const char* name, uint64_t number, const std::string& note = "") {
  std::cout << "  " << std::left << std::setw(12) << name << std::right << std::setw(14)
            << withThousands(number) << note << "\n";
}

void printText(const ImportOptions& options, const ImportSummary& summary) {
  std::cout << "Imported " << datasetTypeName(options.type) << " into " << storeName(options.store)
            << "\n";
  printLine("rows read", summary.rowsRead);
  printLine("kept", summary.rowsKept);
  printLine("bad", summary.rowsBad,
            summary.quarantine.empty() ? "" : "  (see " + summary.quarantine + ")");
  printLine("duplicates", summary.rowsDuplicate);
  if (summary.recordsReplaced > 0)
    printLine("replaced", summary.recordsReplaced, "  (of those kept)");
  if (summary.textsCut > 0) printLine("texts cut", summary.textsCut, "  (to 20,000 characters)");
  std::cout << "The dataset now holds\n";
  printLine("rows", summary.dataset.rows);
  if (options.type != DatasetType::items) printLine("users", summary.dataset.users);
  if (options.type != DatasetType::users) printLine("items", summary.dataset.items);
  std::cout << std::fixed << std::setprecision(2) << summary.seconds << " s, "
            << withThousands(rowsPerSecond(summary)) << " rows/s\n";
}

void runImport(const ImportArguments& arguments) {
  const ImportOptions options = toOptions(arguments);
  Progress progress("import " + arguments.type, ProgressTarget::onStderr());
  const ImportSummary summary = importFiles(options, progress);
  if (arguments.json)
    printJson(options, summary);
  else
    printText(options, summary);
}

}  // namespace

void addImportCommand(CLI::App& app, std::function<void()>& run) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = app.add_subcommand("import", "Read CSV files into the store");
  command->add_option("--store", arguments->store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  command->add_option("--type", arguments->type, "interactions, items or users")->required();
  command->add_option("--schema", arguments->schema, "The Avro schema (JSON) of the files")
      ->required();
  command->add_option("files", arguments->files, "CSV files: plain, gzip or xz")->required();
  command
      ->add_option("--mode", arguments->mode, "full replaces the dataset, incremental adds to it")
      ->capture_default_str();
  command
      ->add_option("--max-bad", arguments->maxBad,
                   "Fail, changing nothing, when more rows are bad: 1% or a number of rows")
      ->capture_default_str();
  command->add_option("--quarantine", arguments->quarantine,
                      "Where bad rows go (default: <first file>.quarantine.jsonl)");
  command->add_flag("--json", arguments->json, "Print the summary as one JSON document");
  command->callback([arguments, &run] { run = [arguments] { runImport(*arguments); }; });
}

}  // namespace attune::trainer
