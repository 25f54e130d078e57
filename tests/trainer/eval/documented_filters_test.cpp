#include "tests/trainer/eval/documented_filters.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/trainer/eval/filter_trial.h"

using namespace attune;
using namespace attune::testing;

namespace {

const DocumentedFilter* find(const std::string& expression) {
  for (const DocumentedFilter& filter : documentedFilters())
    if (filter.expression == expression) return &filter;
  return nullptr;
}

void checkMeaning(const DocumentedFilter& filter, FilterTrial& trial) {
  CAPTURE(filter.expression);
  const Outcomes expected = trial.expected(filter);
  for (const auto language : {FilterLanguage::compatible, FilterLanguage::extended})
    CHECK((trial.actual(filter, filter.expression, language) == expected));
}

}  // namespace

TEST_CASE("each documented filter passes what its meaning says, in both languages") {
  FilterTrial trial;
  for (const DocumentedFilter& filter : documentedFilters()) checkMeaning(filter, trial);
}

TEST_CASE("rows pass and do not, and all that a documented filter asks about makes a difference") {
  FilterTrial trial;
  for (const DocumentedFilter& filter : documentedFilters()) {
    CAPTURE(filter.expression);
    const Outcomes outcomes = trial.expected(filter);
    CHECK(outcomes.has(Outcome::passed));
    CHECK(outcomes.has(Outcome::dropped));
    CHECK(outcomes.has(Outcome::refused) == !filter.required.empty());
    CHECK(outcomes.differByRow());
    CHECK(outcomes.differByRequest() == filter.has("$"));
    CHECK(outcomes.differByCurrent() == filter.asksCurrentItem());
    const bool asksUser = filter.has("nteractions.") || filter.has("INTERACTIONS.") ||
                          filter.has("CurrentUser.") || filter.has("CURRENTUSER.");
    CHECK(outcomes.differByUser() == (asksUser && !filter.isOfUsers()));
  }
}

TEST_CASE("the planted shop tells each documented filter from those that differ a little") {
  FilterTrial trial;
  size_t mutants = 0;
  for (const DocumentedFilter& filter : documentedFilters()) {
    const Outcomes expected = trial.expected(filter);
    for (const std::string& mutant : mutantsOf(filter)) {
      CAPTURE(filter.expression, mutant);
      CHECK_FALSE((trial.actual(filter, mutant, FilterLanguage::extended) == expected));
      ++mutants;
    }
  }
  CHECK(mutants > 3 * documentedFilters().size());
}

TEST_CASE(
    "every valid expression of the reference, where it is at hand, has its documented meaning") {
  const std::string path = ATTUNE_SOURCE "/../shared/reference/filters.jsonl";
  if (!std::filesystem::exists(path)) {
    WARN("skipped, not there: " + path);
    return;
  }
  FilterTrial trial;
  std::ifstream file(path);
  size_t valid = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    const auto known = nlohmann::json::parse(line);
    if (!known.at("valid").get<bool>()) continue;
    ++valid;
    const std::string expression = known.at("expr");
    CAPTURE(expression, known.at("meaning").get<std::string>());
    const DocumentedFilter* filter = find(expression);
    CHECK(filter != nullptr);  // its meaning belongs into documented_filters.cpp
    if (filter != nullptr) checkMeaning(*filter, trial);
  }
  CHECK(valid > 0);
}
