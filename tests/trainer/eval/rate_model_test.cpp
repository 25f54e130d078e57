#include "trainer/eval/rate_model.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "runtime/base/random.h"

using namespace attune::trainer;
using attune::Random;

namespace {

constexpr size_t kItems = 3;
constexpr uint32_t kRounds = 60;

/// Lists of two, drawn by chance; item i earns i.
std::vector<LoggedAction> drawnLog() {
  Random random(11);
  std::vector<LoggedAction> log;
  for (uint32_t round = 0; round < kRounds; ++round)
    for (uint32_t position : {1, 2}) {
      const uint32_t item = random.below(kItems);
      log.push_back({.round = round, .item = item, .position = position, .reward = double(item)});
    }
  return log;
}

const ContextFreePolicy kPolicy = {{{2, {0, 0.5, 0.5}}}, {0.2, 0.3, 0.5}};

uint32_t foldOf(uint32_t round, const CrossFitOptions& options) {
  return Random(options.seed, round).next() % options.folds;
}

}  // namespace

TEST_CASE("A rate is the other folds' mean, shrunk to the item's and that to the mean of all") {
  std::vector<LoggedAction> log = drawnLog();
  const CrossFitOptions options = {.folds = 3, .seed = 4, .shrinkage = 10};
  predictRates(log, kPolicy, kItems, options);
  const auto rateOf = [&](uint32_t item, const LoggedAction& asked) {
    double sum[3] = {};
    double views[3] = {};
    for (const LoggedAction& one : log) {
      if (foldOf(one.round, options) == foldOf(asked.round, options)) continue;
      const bool matches[3] = {true, one.item == item,
                               one.item == item && one.position == asked.position};
      for (size_t level = 0; level < 3; ++level) {
        sum[level] += matches[level] ? one.reward : 0;
        views[level] += matches[level] ? 1 : 0;
      }
    }
    double rate = sum[0] / views[0];
    for (size_t level : {1, 2}) rate = (sum[level] + 10 * rate) / (views[level] + 10);
    return rate;
  };
  for (const LoggedAction& action : log) {
    CHECK(action.prediction == Approx(rateOf(action.item, action)).epsilon(1e-12));
    double expected = 0;
    for (uint32_t item = 0; item < kItems; ++item)
      expected += kPolicy.at(action.position)[item] * rateOf(item, action);
    CHECK(action.policyPrediction == Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("No round is predicted by a model that saw it") {
  std::vector<LoggedAction> log = drawnLog();
  std::vector<LoggedAction> changed = log;
  changed[10].reward = 1e6;
  predictRates(log, kPolicy, kItems, {});
  predictRates(changed, kPolicy, kItems, {});
  size_t moved = 0;
  for (size_t i = 0; i < log.size(); ++i) {
    if (log[i].round == log[10].round) {
      CHECK(changed[i].prediction == log[i].prediction);
      CHECK(changed[i].policyPrediction == log[i].policyPrediction);
    }
    moved += changed[i].prediction != log[i].prediction ? 1 : 0;
  }
  CHECK(moved > log.size() / 2);
}

TEST_CASE("Where nothing is left to learn from, nothing is foretold") {
  std::vector<LoggedAction> log = {{.round = 0, .reward = 5}};
  predictRates(log, {{}, {1.0}}, 1, {});
  CHECK(log[0].prediction == 0);
  CHECK(log[0].policyPrediction == 0);
}

TEST_CASE("A policy of positions knows nothing elsewhere, one without knows all") {
  CHECK(kPolicy.at(2)[0] == 0);
  CHECK(kPolicy.at(7)[0] == 0.2);
  CHECK(ContextFreePolicy{{{2, {1}}}, {}}.at(1).empty());
}
