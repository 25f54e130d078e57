#include "trainer/eval/list_options.h"

#include <optional>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/suggest.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;
using Problem = std::optional<std::string>;  // nothing when all is well

constexpr size_t kMaxFileBytes = size_t{16} << 20;
constexpr double kMostDays = 36500;
constexpr double kMostCount = 4294967295.0;

/// An option that is one number from 0 on.
struct Number {
  const char* name;
  float ListControls::*place;
  double most;
};
constexpr Number kNumbers[] = {
    {"diversity", &ListControls::diversity, 1},
    {"popularityDiscount", &ListControls::popularityDiscount, 1},
    {"freshnessBoost", &ListControls::freshnessBoost, 10},
    {"freshnessDays", &ListControls::freshnessDays, kMostDays},
    {"explorationWeight", &ListControls::explorationWeight, 1},
    {"explorationItemAgeCutOff", &ListControls::explorationItemAgeCutOff, kMostDays},
};

Problem readNumber(const std::string& where, const ordered_json& value, double least, double most,
                   double& number) {
  if (value.is_number()) number = value.get<double>();
  if (value.is_number() && number >= least && number <= most) return {};
  return where + ": " + value.dump() + " is not a number from " + ordered_json(least).dump() +
         " to " + ordered_json(most).dump();
}

/// The text of a key that must or may be there.
Problem readText(const std::string& where, const ordered_json& object, const char* key,
                 bool required, std::string& text) {
  if (!object.contains(key) && !required) return {};
  if (object.contains(key) && object[key].is_string()) text = object[key].get<std::string>();
  if (text.empty()) return where + "." + key + ": expected a text";
  return {};
}

class Reader {
 public:
  Reader(const Engine& engine, FilterLanguage language, ListOptions& options)
      : engine_(engine), language_(language), options_(options) {}

  Problem read(const ordered_json& source) {
    for (const auto& [name, value] : source.items()) {
      if (value.is_null()) continue;
      if (Problem problem = readOption(name, value)) return problem;
    }
    if (!(options_.controls.freshnessDays > 0)) return "freshnessDays: must be more than 0";
    options_.controls.promotions = options_.promotions;
    options_.source = source;
    return {};
  }

 private:
  Problem readOption(const std::string& name, const ordered_json& value) {
    ListControls& controls = options_.controls;
    double number = 0;
    for (const Number& one : kNumbers) {
      if (name != one.name) continue;
      Problem problem = readNumber(name, value, 0, one.most, number);
      controls.*one.place = static_cast<float>(number);
      return problem;
    }
    if (name == "maxPerValue") return readMaximum(value);
    if (name == "promotions") return readPromotions(value);
    if (name != "seed") return "unknown option \"" + name + "\"" + didYouMean(name, listOptionNames());
    if (Problem problem = readNumber(name, value, 0, kMostCount, number)) return problem;
    controls.seed = static_cast<uint64_t>(number);
    return {};
  }

  Problem readMaximum(const ordered_json& value) {
    if (!value.is_object() || !value.contains("count"))
      return "maxPerValue: expected {\"column\": \"NAME\", \"count\": N}";
    std::string name;
    if (Problem problem = readText("maxPerValue", value, "column", true, name)) return problem;
    const uint32_t column = engine_.catalogue().find(name);
    if (column == Catalogue::kNoColumn ||
        engine_.catalogue().column(column).type != ColumnType::Categorical)
      return "maxPerValue.column: \"" + name + "\" is no categorical column of the bundle";
    double count = 0;
    if (Problem problem = readNumber("maxPerValue.count", value["count"], 1, kMostCount, count))
      return problem;
    options_.controls.column = column;
    options_.controls.maxPerValue = static_cast<uint32_t>(count);
    return {};
  }

  Problem readPromotions(const ordered_json& list) {
    if (!list.is_array()) return "promotions: expected an array";
    uint32_t sum = 0;
    for (const ordered_json& one : list) {
      const std::string where = "promotions[" + std::to_string(options_.promotions.size()) + "]";
      if (Problem problem = readPromotion(where, one)) return problem;
      sum += options_.promotions.back().percent;
    }
    if (sum > 100) return "promotions: more than 100 percent of the list";
    if (language_ == FilterLanguage::compatible && options_.promotions.size() > 1)
      return "promotions: Personalize has one (--compatible)";
    return {};
  }

  Problem readPromotion(const std::string& where, const ordered_json& one) {
    if (!one.is_object()) return where + ": expected an object";
    std::string filter;
    double percent = 0;
    FilterValues& values = options_.values.emplace_back();
    options_.names.emplace_back();
    Problem problem = readText(where, one, "name", true, options_.names.back());
    if (!problem)
      problem = readNumber(where + ".percentPromotedItems",
                           one.value("percentPromotedItems", ordered_json()), 1, 100, percent);
    if (!problem) problem = readValues(where, one, values);
    if (!problem) problem = readText(where, one, "filter", false, filter);
    Promotion promotion{nullptr, &values, static_cast<uint32_t>(percent)};
    if (!problem && !filter.empty())
      problem = readFilter(where + ".filter: ", filter, promotion.filter);
    options_.promotions.push_back(promotion);
    return problem;
  }

  /// An expression, or the name of one in the bundle.
  Problem readFilter(const std::string& where, std::string expression, const Filter*& filter) {
    if (NamedFilters::isName(expression)) {
      const NamedFilters& named = engine_.namedFilters();
      const uint32_t found = named.find(expression);
      std::vector<std::string> names;
      for (uint32_t i = 0; i < named.size(); ++i) names.emplace_back(named.name(i));
      if (found == NamedFilters::kNone)
        return where + "the bundle has no filter " + expression + didYouMean(expression, names);
      expression = named.expression(found);
    }
    FilterHint hint;
    auto compiled = engine_.compileFilter(expression, language_, hint);
    if (compiled.ok()) {
      filter = &options_.filters.emplace_back(std::move(compiled.value()));
      return {};
    }
    std::string text = where + compiled.error().what;
    if (!hint.meant.empty()) text += "; did you mean " + std::string(hint.meant) + "?";
    if (compiled.error().at != Error::kNowhere)
      text += " (column " + std::to_string(compiled.error().at) + ")";
    return text;
  }

  static Problem readValues(const std::string& where, const ordered_json& promotion,
                            FilterValues& values) {
    if (!promotion.contains("filterValues")) return {};
    if (!promotion["filterValues"].is_object()) return where + ".filterValues: expected an object";
    for (const auto& [name, value] : promotion["filterValues"].items()) {
      const std::string words = value.is_string() ? value.get<std::string>() : value.dump();
      const Status set = values.set(name, words);
      if (!set.ok()) return where + ".filterValues." + name + ": " + set.error().what;
    }
    return {};
  }

  const Engine& engine_;
  FilterLanguage language_;
  ListOptions& options_;
};

}  // namespace

const std::vector<std::string>& listOptionNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"seed", "maxPerValue", "promotions"};
    for (const Number& one : kNumbers) all.emplace_back(one.name);
    return all;
  }();
  return names;
}

std::string readListOptions(const ordered_json& source, const Engine& engine,
                            FilterLanguage language, ListOptions& options) {
  return Reader(engine, language, options).read(source).value_or("");
}

void readListOptionsFile(const std::string& path, const Engine& engine, FilterLanguage language,
                         ListOptions& options) {
  const auto file = ordered_json::parse(readTextFile(path, kMaxFileBytes), nullptr, false);
  if (!file.is_object()) throw UserError(path + ": expected a JSON object of list options");
  const std::string problem = readListOptions(file, engine, language, options);
  if (!problem.empty()) throw UserError(path + ": " + problem);
}

}  // namespace attune::trainer
