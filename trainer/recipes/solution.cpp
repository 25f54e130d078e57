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

EventRule readEventRule(const std::string& where, const json& entry) {
  if (!entry.is_object()) throw UserError(where + ": expected an object");
  checkKeys(where, entry, {"eventType", "eventValueThreshold", "weight"});
  EventRule rule;
  const auto number = [&](const char* key) {
    return numberOf(where + "." + key, textOf(where + "." + key, entry[key]));
  };
  if (!entry.contains("eventType")) throw UserError(where + ": eventType is missing");
  rule.eventType = textOf(where + ".eventType", entry["eventType"]);
  if (rule.eventType.empty()) throw UserError(where + ".eventType: must not be empty");
  if (entry.contains("eventValueThreshold")) rule.valueThreshold = number("eventValueThreshold");
  if (entry.contains("weight")) rule.weight = number("weight");
  if (!(rule.weight >= 0 && rule.weight <= 1))
    throw UserError(where + ".weight: must be a number from 0 to 1, not " + entry["weight"].dump());
  return rule;
}

std::vector<EventRule> readEventRules(const std::string& path, const json& config) {
  const std::string where = path + ": eventsConfig";
  if (!config.is_object()) throw UserError(where + ": expected an object");
  checkKeys(where, config, {"eventParametersList"});
  const json list = config.value("eventParametersList", json::array());
  if (!list.is_array() || list.empty())
    throw UserError(where + ": eventParametersList must be an array of at least one event type");
  std::vector<EventRule> rules;
  double total = 0;
  for (const json& entry : list) {
    const std::string place = where + ".eventParametersList[" + std::to_string(rules.size()) + "]";
    EventRule rule = readEventRule(place, entry);
    for (const EventRule& other : rules)
      if (sameWord(other.eventType, rule.eventType))
        throw UserError(place + ": event type " + rule.eventType + " is listed twice");
    total += rule.weight;
    rules.push_back(std::move(rule));
  }
  if (!(total > 0)) throw UserError(where + ": one weight at least must be above 0");
  return rules;
}

/// `false` for none at all, or some of the numbers of the table.
Protection readProtection(const std::string& path, const json& config) {
  const std::string where = path + ": protection";
  if (config.is_boolean()) return config.get<bool>() ? Protection{} : Protection::none();
  if (!config.is_object())
    throw UserError(where + ": expected an object, or false for no protection");
  std::vector<std::string> known;
  for (const ProtectionInfo& info : protectionTable()) known.emplace_back(info.name);
  checkKeys(where, config, known);
  Protection protection;
  for (const ProtectionInfo& info : protectionTable()) {
    if (!config.contains(info.name)) continue;
    const std::string place = where + "." + info.name;
    double& value = protection.*info.value;
    value = numberOf(place, textOf(place, config[info.name]));
    if (!(value >= 0 && value <= info.max))
      throw UserError(place + ": must be a number from 0 (no limit) to " + json(info.max).dump());
  }
  return protection;
}

json toJson(const Protection& protection) {
  if (protection == Protection::none()) return false;
  json changed = json::object();
  for (const ProtectionInfo& info : protectionTable())
    if (protection.*info.value != Protection{}.*info.value)
      changed[info.name] = protection.*info.value;
  return changed;
}

void applyConfig(const std::string& path, const json& config, Solution& solution) {
  if (config.contains("protection"))
    solution.protection = readProtection(path, config["protection"]);
  if (config.contains("algorithmHyperParameters"))
    for (const auto& [name, value] : config["algorithmHyperParameters"].items())
      solution.parameters.set(name, textOf(path + ": " + name, value));
  if (config.contains("eventValueThreshold"))
    solution.eventValueThreshold = numberOf(
        path + ": eventValueThreshold", textOf(path + ": eventValueThreshold", config["eventValueThreshold"]));
  if (!config.contains("eventsConfig")) return;
  solution.eventRules = readEventRules(path, config["eventsConfig"]);
  if (!solution.eventType.empty() || solution.eventValueThreshold)
    throw UserError(path + ": eventsConfig cannot be there together with eventType or eventValueThreshold: "
                           "say it all in eventsConfig");
}

std::string namesOf(const StringTable& types) {
  std::string names;
  for (uint32_t i = 0; i < types.size(); ++i) names += " " + types[i];
  return names.empty() ? " none" : names;
}

constexpr size_t kNoRule = SIZE_MAX;

/// The rule of each event type, by number; kNoRule for a type that has none.
std::vector<size_t> rulesOfTypes(const StringTable& types, const std::vector<EventRule>& rules) {
  std::vector<size_t> found(types.size(), kNoRule);
  std::vector<std::string> names;
  for (uint32_t type = 0; type < types.size(); ++type) names.push_back(types[type]);
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    bool met = false;
    for (uint32_t type = 0; type < types.size(); ++type) {
      if (!sameWord(types[type], rules[rule].eventType)) continue;
      found[type] = rule;
      met = true;
    }
    if (!met)
      throw UserError("eventsConfig: there is no event of type " + rules[rule].eventType +
                      didYouMean(rules[rule].eventType, names) +
                      " (event types in the data:" + namesOf(types) + ")");
  }
  return found;
}

/// Sets each event's weight by its type's rule and says which events stay.
std::vector<uint8_t> applyRules(const std::vector<EventRule>& rules, const StringTable& types,
                                Interactions& events) {
  const std::vector<size_t> ruleOfType = rulesOfTypes(types, rules);
  std::vector<uint8_t> kept(events.size(), 0);
  events.weight.assign(events.size(), 0.0f);
  for (size_t row = 0; row < events.size(); ++row) {
    const uint32_t type = events.eventType[row];
    const size_t index = type == StringTable::kNone ? kNoRule : ruleOfType[type];
    if (index == kNoRule) continue;
    const EventRule& rule = rules[index];
    kept[row] = !rule.valueThreshold ||
                static_cast<double>(events.eventValue[row]) >= *rule.valueThreshold;
    if (kept[row] != 0) events.weight[row] = static_cast<float>(rule.weight);
  }
  if (std::none_of(events.weight.begin(), events.weight.end(), [](float w) { return w > 0; }))
    return std::vector<uint8_t>(events.size(), 0);  // nothing is left to foretell
  if (std::all_of(rules.begin(), rules.end(),
                  [&](const EventRule& rule) { return rule.weight == rules[0].weight; }))
    events.weight.clear();
  return kept;
}

std::vector<uint8_t> eventsOfType(const Solution& solution, const Dataset& data) {
  const Interactions& events = data.interactions;
  std::vector<uint8_t> kept(events.size());
  for (size_t row = 0; row < events.size(); ++row) {
    const uint32_t type = events.eventType[row];
    const bool typeFits = solution.eventType.empty() ||
                          (type != StringTable::kNone &&
                           sameWord(data.eventTypes[type], solution.eventType));
    const bool valueFits = !solution.eventValueThreshold ||
                           static_cast<double>(events.eventValue[row]) >= *solution.eventValueThreshold;
    kept[row] = typeFits && valueFits;
  }
  return kept;
}

}  // namespace

namespace {

Solution solutionFrom(const std::string& recipe, const json& outer, const std::string& where) {
  const bool wrapped = outer.contains("solutionConfig");
  const std::vector<std::string> inside = {"algorithmHyperParameters", "eventValueThreshold",
                                           "eventsConfig", "protection"};
  std::vector<std::string> known = {"name", "recipeArn", "recipe", "eventType", "solutionConfig"};
  if (!wrapped) known.insert(known.end(), inside.begin(), inside.end());
  checkKeys(where, outer, known);
  const json inner = wrapped ? outer["solutionConfig"] : outer;
  if (wrapped) checkKeys(where + ": solutionConfig", inner, inside);

  std::string name = recipe;
  for (const char* key : {"recipe", "recipeArn"})
    if (name.empty() && outer.contains(key)) name = textOf(where + ": " + key, outer[key]);
  if (name.empty()) throw UserError("--recipe is missing, for example --recipe sims");
  Solution solution{Parameters(findRecipe(name)), "", std::nullopt, {}, {}};
  if (outer.contains("eventType"))
    solution.eventType = textOf(where + ": eventType", outer["eventType"]);
  applyConfig(where, inner, solution);
  return solution;
}

}  // namespace

Solution readSolution(const std::string& recipe, const std::string& configPath,
                      const std::vector<std::string>& settings) {
  Solution solution = solutionFrom(
      recipe, configPath.empty() ? json::object() : readJson(configPath), configPath);
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UserError("--set takes name=value, not \"" + setting + "\"");
    solution.parameters.set(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return solution;
}

Solution readSolution(const json& config, const std::string& where) {
  return solutionFrom("", config, where);
}

json eventsToJson(const Solution& solution) {
  json events;
  if (!solution.eventType.empty()) events["eventType"] = solution.eventType;
  if (solution.eventValueThreshold) events["eventValueThreshold"] = *solution.eventValueThreshold;
  for (const EventRule& rule : solution.eventRules) {
    json entry = {{"eventType", rule.eventType}, {"weight", rule.weight}};
    if (rule.valueThreshold) entry["eventValueThreshold"] = *rule.valueThreshold;
    events["eventsConfig"]["eventParametersList"].push_back(std::move(entry));
  }
  if (solution.protection != Protection{}) events["protection"] = toJson(solution.protection);
  return events;
}

Dataset selectEvents(Dataset data, const Solution& solution, ProtectionReport* report) {
  ProtectionReport unasked;
  const bool hadAny = data.interactions.size() > 0;
  data = protect(std::move(data), solution.protection, report == nullptr ? unasked : *report);
  if (hadAny && data.interactions.size() == 0)
    throw UserError("protection leaves no interaction: give other limits in the configuration's "
                    "\"protection\", or tell who is verified (trainer/README.md)");
  const bool ruled = !solution.eventRules.empty();
  if (!ruled && solution.eventType.empty() && !solution.eventValueThreshold) return data;
  const std::vector<uint8_t> kept =
      ruled ? applyRules(solution.eventRules, data.eventTypes, data.interactions)
            : eventsOfType(solution, data);
  if (std::count(kept.begin(), kept.end(), 1) > 0) return selectInteractions(data, kept);
  throw UserError("no interaction is left after filtering by event type and value (event types in the data:" +
                  namesOf(data.eventTypes) + ")");
}

}  // namespace attune::trainer
