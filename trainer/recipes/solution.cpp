#include "trainer/recipes/solution.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/suggest.h"
#include "trainer/data/select_rows.h"

namespace attune::trainer {
namespace {

using nlohmann::json;

json readJson(const std::string& path) {
  const std::string text = readTextFile(path, size_t{1} << 20);
  try {
    json config = json::parse(text);
    if (!config.is_object()) throw UserError(path + ": expected a JSON object");
    return config;
  } catch (const json::parse_error& error) {
    throw UserError(path + ": not JSON (byte " + std::to_string(error.byte) + ")");
  }
}

void checkKeys(const std::string& where, const json& object,
               const std::vector<std::string>& known) {
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw UserError(where + ": unknown key \"" + key + "\"" + didYouMean(key, known));
}

/// Personalize writes hyper-parameters as strings; numbers and booleans are taken too.
std::string textOf(const std::string& where, const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  throw UserError(where + ": expected a string, a number or a boolean");
}

double numberOf(const std::string& where, const std::string& text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    throw UserError(where + ": \"" + text + "\" is not a number");
  return value;
}

bool sameWord(const std::string& a, const std::string& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

void applyConfig(const std::string& path, const json& config, Solution& solution) {
  if (config.contains("algorithmHyperParameters"))
    for (const auto& [name, value] : config["algorithmHyperParameters"].items())
      solution.parameters.set(name, textOf(path + ": " + name, value));
  if (config.contains("eventValueThreshold"))
    solution.eventValueThreshold = numberOf(
        path + ": eventValueThreshold", textOf(path + ": eventValueThreshold", config["eventValueThreshold"]));
}

}  // namespace

Solution readSolution(const std::string& recipe, const std::string& configPath,
                      const std::vector<std::string>& settings) {
  json outer = configPath.empty() ? json::object() : readJson(configPath);
  const bool wrapped = outer.contains("solutionConfig");
  const std::vector<std::string> inside = {"algorithmHyperParameters", "eventValueThreshold"};
  std::vector<std::string> known = {"name", "recipeArn", "recipe", "eventType", "solutionConfig"};
  if (!wrapped) known.insert(known.end(), inside.begin(), inside.end());
  checkKeys(configPath, outer, known);
  const json inner = wrapped ? outer["solutionConfig"] : outer;
  if (wrapped) checkKeys(configPath + ": solutionConfig", inner, inside);

  std::string name = recipe;
  for (const char* key : {"recipe", "recipeArn"})
    if (name.empty() && outer.contains(key)) name = textOf(configPath + ": " + key, outer[key]);
  if (name.empty()) throw UserError("--recipe is missing, for example --recipe sims");
  Solution solution{Parameters(findRecipe(name)), "", std::nullopt};
  if (outer.contains("eventType"))
    solution.eventType = textOf(configPath + ": eventType", outer["eventType"]);
  applyConfig(configPath, inner, solution);
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UserError("--set takes name=value, not \"" + setting + "\"");
    solution.parameters.set(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return solution;
}

Dataset selectEvents(Dataset data, const Solution& solution) {
  if (solution.eventType.empty() && !solution.eventValueThreshold) return data;
  std::vector<uint8_t> kept(data.interactions.size());
  const Interactions& events = data.interactions;
  for (uint32_t row = 0; row < events.size(); ++row) {
    const uint32_t type = events.eventType[row];
    const bool typeFits = solution.eventType.empty() ||
                          (type != StringTable::kNone &&
                           sameWord(data.eventTypes[type], solution.eventType));
    const bool valueFits = !solution.eventValueThreshold ||
                           static_cast<double>(events.eventValue[row]) >= *solution.eventValueThreshold;
    kept[row] = typeFits && valueFits;
  }
  if (std::count(kept.begin(), kept.end(), 1) > 0) return selectInteractions(data, kept);
  std::string types;
  for (uint32_t i = 0; i < data.eventTypes.size(); ++i) types += " " + data.eventTypes[i];
  throw UserError("no interaction is left after filtering by event type and value (event types in the data:" +
                  types + ")");
}

}  // namespace attune::trainer
