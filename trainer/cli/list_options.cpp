#include "trainer/cli/list_options.h"

#include <map>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/eval/served_bundle.h"

namespace attune::trainer {
namespace {

using nlohmann::json;

constexpr size_t kMaxFileBytes = size_t{16} << 20;
constexpr double kMostDays = 36500;

class Reader {
 public:
  Reader(const std::string& path, const Engine& engine, FilterLanguage language,
         ListOptions& options)
      : path_(path), engine_(engine), language_(language), options_(options) {}

  void read() {
    const json file = json::parse(readTextFile(path_, kMaxFileBytes), nullptr, false);
    if (!file.is_object()) fail("expected a JSON object of list options");
    ListControls& c = options_.controls;
    const std::map<std::string, std::pair<float*, double>> numbers = {
        {"diversity", {&c.diversity, 1}},
        {"popularityDiscount", {&c.popularityDiscount, 1}},
        {"freshnessBoost", {&c.freshnessBoost, 10}},
        {"freshnessDays", {&c.freshnessDays, kMostDays}},
        {"explorationWeight", {&c.explorationWeight, 1}},
        {"explorationItemAgeCutOff", {&c.explorationItemAgeCutOff, kMostDays}}};
    for (const auto& [key, value] : file.items()) {
      if (const auto found = numbers.find(key); found != numbers.end())
        *found->second.first = static_cast<float>(number(key, value, 0, found->second.second));
      else if (key == "seed")
        c.seed = static_cast<uint64_t>(number(key, value, 0, 4294967295.0));
      else if (key == "maxPerValue")
        readMaximum(value);
      else if (key == "promotions")
        readPromotions(value);
      else
        fail("unknown option \"" + key + "\"");
    }
    if (!(c.freshnessDays > 0)) fail("freshnessDays: must be more than 0");
    c.promotions = options_.promotions;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw UserError(path_ + ": " + what); }

  double number(const std::string& key, const json& value, double least, double most) const {
    if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most))
      fail(key + ": " + value.dump() + " is not a number from " + json(least).dump() + " to " +
           json(most).dump());
    return value.get<double>();
  }

  /// The text of a key that must or may be there.
  std::string text(const std::string& where, const json& object, const char* key,
                   bool required) const {
    if (!object.contains(key) && !required) return {};
    if (!object.contains(key) || !object[key].is_string() || object[key].get<std::string>().empty())
      fail(where + "." + key + ": expected a text");
    return object[key].get<std::string>();
  }

  void readMaximum(const json& value) {
    if (!value.is_object() || !value.contains("count"))
      fail("maxPerValue: expected {\"column\": \"NAME\", \"count\": N}");
    const std::string name = text("maxPerValue", value, "column", true);
    const uint32_t column = engine_.catalogue().find(name);
    if (column == Catalogue::kNoColumn ||
        engine_.catalogue().column(column).type != ColumnType::Categorical)
      fail("maxPerValue.column: \"" + name + "\" is no categorical column of the bundle");
    options_.controls.column = column;
    options_.controls.maxPerValue =
        static_cast<uint32_t>(number("maxPerValue.count", value["count"], 1, 4294967295.0));
  }

  void readPromotions(const json& list) {
    if (!list.is_array()) fail("promotions: expected an array");
    uint32_t sum = 0;
    for (const json& one : list) {
      const std::string where = "promotions[" + std::to_string(options_.promotions.size()) + "]";
      if (!one.is_object()) fail(where + ": expected an object");
      options_.names.push_back(text(where, one, "name", true));
      const double percent = number(where + ".percentPromotedItems",
                                    one.value("percentPromotedItems", json()), 1, 100);
      Promotion promotion{nullptr, readValues(where, one), static_cast<uint32_t>(percent)};
      if (const std::string filter = text(where, one, "filter", false); !filter.empty())
        promotion.filter = &options_.filters.emplace_back(parseFilter(
            filterExpression(engine_.namedFilters(), filter), engine_.filterFields(), language_));
      options_.promotions.push_back(promotion);
      sum += promotion.percent;
    }
    if (sum > 100) fail("promotions: more than 100 percent of the list");
    if (language_ == FilterLanguage::compatible && options_.promotions.size() > 1)
      fail("promotions: Personalize has one (--compatible)");
  }

  const FilterValues* readValues(const std::string& where, const json& promotion) {
    FilterValues& values = options_.values.emplace_back();
    if (!promotion.contains("filterValues")) return &values;
    if (!promotion["filterValues"].is_object()) fail(where + ".filterValues: expected an object");
    for (const auto& [name, value] : promotion["filterValues"].items()) {
      const std::string words = value.is_string() ? value.get<std::string>() : value.dump();
      const Status set = values.set(name, words);
      if (!set.ok()) fail(where + ".filterValues." + name + ": " + set.error().what);
    }
    return &values;
  }

  const std::string& path_;
  const Engine& engine_;
  FilterLanguage language_;
  ListOptions& options_;
};

}  // namespace

void readListOptions(const std::string& path, const Engine& engine, FilterLanguage language,
                     ListOptions& options) {
  Reader(path, engine, language, options).read();
}

}  // namespace attune::trainer
