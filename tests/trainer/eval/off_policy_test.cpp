#include "trainer/eval/off_policy.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "runtime/base/random.h"

using namespace attune::trainer;
using attune::Random;

namespace {

const IntervalEstimate& named(const OffPolicyResult& result, const std::string& name) {
  for (const IntervalEstimate& one : result.estimates)
    if (one.name == name) return one;
  FAIL("no estimate " << name);
  return result.logged;
}

/// Four rounds with the weights 0.5, 2, 2, 0.5 and the rewards 1, 0, 1, 0.
std::vector<LoggedAction> fourRounds() {
  return {{.round = 0, .reward = 1, .propensity = 0.5, .evaluationPropensity = 0.25},
          {.round = 1, .reward = 0, .propensity = 0.25, .evaluationPropensity = 0.5},
          {.round = 2, .reward = 1, .propensity = 0.25, .evaluationPropensity = 0.5},
          {.round = 3, .reward = 0, .propensity = 0.5, .evaluationPropensity = 0.25}};
}

// ---- a world whose truth is known

constexpr size_t kItems = 5;
constexpr size_t kPositions = 2;
using Policy = std::array<double, kItems>;
constexpr Policy kLogging = {0.4, 0.3, 0.15, 0.1, 0.05};
constexpr Policy kJudged = {0.1, 0.2, 0.2, 0.2, 0.3};
constexpr double kRates[kPositions][kItems] = {{0.1, 0.2, 0.3, 0.4, 0.5},
                                               {0.3, 0.1, 0.2, 0.1, 0.6}};

double rateUnder(const Policy& policy, size_t position) {
  double rate = 0;
  for (size_t item = 0; item < kItems; ++item) rate += policy[item] * kRates[position][item];
  return rate;
}

double truthOf(const Policy& policy) {
  return (rateUnder(policy, 0) + rateUnder(policy, 1)) / kPositions;
}

uint32_t drawFrom(const Policy& policy, Random& random) {
  double left = random.uniform();
  for (uint32_t item = 0; item + 1 < kItems; ++item)
    if ((left -= policy[item]) < 0) return item;
  return kItems - 1;
}

struct World {
  uint32_t lists = 200;
  bool goodModel = true;          ///< the rates themselves; else 0.9 for everything
  bool rightPropensities = true;  ///< else the log claims to be uniform
};

/// One log. Half the lists please and earn half more than the rates, the others half less, so that
/// what stands in one list is not independent.
std::vector<LoggedAction> logOf(const World& world, uint64_t seed) {
  Random random(seed);
  std::vector<LoggedAction> log;
  for (uint32_t list = 0; list < world.lists; ++list) {
    const double mood = random.below(2) == 0 ? 0.5 : 1.5;
    for (uint32_t position = 0; position < kPositions; ++position) {
      const uint32_t item = drawFrom(kLogging, random);
      const double rate = kRates[position][item];
      log.push_back({.round = list,
                     .item = item,
                     .position = position + 1,
                     .reward = random.uniform() < mood * rate ? 1.0 : 0.0,
                     .propensity = world.rightPropensities ? kLogging[item] : 1.0 / kItems,
                     .evaluationPropensity = kJudged[item],
                     .prediction = world.goodModel ? rate : 0.9,
                     .policyPrediction = world.goodModel ? rateUnder(kJudged, position) : 0.9});
    }
  }
  return log;
}

/// What an estimator says over many logs of the same world.
struct Repeated {
  std::vector<double> values;
  double meanError = 0;  ///< of the standard errors that it claims
  double covered = 0;    ///< share of intervals that hold the truth
};

Repeated repeat(const World& world, const std::string& name, double truth) {
  constexpr uint64_t kLogs = 1000;
  Repeated repeated;
  for (uint64_t seed = 0; seed < kLogs; ++seed) {
    const OffPolicyResult result = evaluateOffPolicy(logOf(world, seed), world.lists, {});
    const IntervalEstimate& one = name == "logged" ? result.logged : named(result, name);
    repeated.values.push_back(one.estimate.value);
    repeated.meanError += one.estimate.standardError / kLogs;
    repeated.covered += one.low <= truth && truth <= one.high ? 1.0 / kLogs : 0.0;
  }
  return repeated;
}

}  // namespace

TEST_CASE("Inverse propensity scoring and its self-normalised form, by hand") {
  const OffPolicyResult result = evaluateOffPolicy(fourRounds(), 4, {});
  CHECK(result.logged.estimate.value == 0.5);
  CHECK(result.logged.estimate.standardError == Approx(std::sqrt(1.0 / 3 / 4)));
  CHECK(named(result, "ips").estimate.value == Approx(2.5 / 4));
  CHECK(named(result, "ips").estimate.standardError == Approx(std::sqrt(2.6875 / 3 / 4)));
  CHECK(named(result, "snips").estimate.value == Approx(2.5 / 5));
  CHECK(named(result, "snips").estimate.standardError == Approx(std::sqrt(2.125 * 4 / 3) / 5));
  CHECK(result.estimates.size() == 2);  // nothing doubly robust without predictions
}

TEST_CASE("The doubly robust estimators, by hand") {
  std::vector<LoggedAction> log = fourRounds();
  for (LoggedAction& action : log) {
    action.prediction = 0.2;
    action.policyPrediction = 0.4;
  }
  const OffPolicyResult result = evaluateOffPolicy(log, 4, {});
  CHECK(named(result, "dr").estimate.value == Approx(0.4 + 1.5 / 4));
  CHECK(named(result, "sndr").estimate.value == Approx(0.4 + 1.5 / 5));
  // w (r - q) = 0.4, -0.4, 1.6, -0.1 around 0.375; around w * 0.3: 0.25, -1, 1, -0.25.
  CHECK(named(result, "dr").estimate.standardError ==
        Approx(std::sqrt((0.025 * 0.025 + 0.775 * 0.775 + 1.225 * 1.225 + 0.475 * 0.475) / 3 / 4)));
  CHECK(named(result, "sndr").estimate.standardError == Approx(std::sqrt(2.125 * 4 / 3) / 5));
}

TEST_CASE("The interval is 1.96 standard errors to both sides") {
  const OffPolicyResult result = evaluateOffPolicy(fourRounds(), 4, {});
  const IntervalEstimate& ips = named(result, "ips");
  CHECK(ips.high - ips.estimate.value == Approx(1.959964 * ips.estimate.standardError));
  CHECK(ips.estimate.value - ips.low == Approx(1.959964 * ips.estimate.standardError));
}

TEST_CASE("The weights are summed up: mean, largest, share, effective sample size") {
  const WeightSummary weights = evaluateOffPolicy(fourRounds(), 4, {}).weights;
  CHECK(weights.mean.value == Approx(1.25));
  CHECK(weights.mean.standardError == Approx(std::sqrt(4 * 0.75 * 0.75 / 3 / 4)));
  CHECK(weights.effectiveSampleSize == Approx(25 / 8.5));
  CHECK(weights.largest == Approx(2));
  CHECK(weights.largestShare == Approx(0.4));
  CHECK(weights.rewarded == 2);
  CHECK(weights.clipped == 0);
}

TEST_CASE("The logging policy itself is worth the plain mean, by every estimator without a model") {
  std::vector<LoggedAction> log = logOf({}, 7);
  for (LoggedAction& action : log) action.evaluationPropensity = action.propensity;
  const OffPolicyResult result = evaluateOffPolicy(log, 200, {});
  for (const char* name : {"ips", "snips"}) {
    CHECK(named(result, name).estimate.value == Approx(result.logged.estimate.value));
    CHECK(named(result, name).estimate.standardError ==
          Approx(result.logged.estimate.standardError));
  }
  CHECK(result.weights.effectiveSampleSize == Approx(400));
}

TEST_CASE("A prediction of nothing makes the doubly robust estimators the plain ones") {
  std::vector<LoggedAction> log = fourRounds();
  for (LoggedAction& action : log) action.prediction = action.policyPrediction = 0;
  const OffPolicyResult result = evaluateOffPolicy(log, 4, {});
  CHECK(named(result, "dr").estimate.value == named(result, "ips").estimate.value);
  CHECK(named(result, "sndr").low == Approx(named(result, "snips").low));
}

TEST_CASE("Actions of one round count as one when the error is reckoned") {
  std::vector<LoggedAction> doubled;
  for (const LoggedAction& action : fourRounds()) doubled.insert(doubled.end(), 2, action);
  const OffPolicyResult once = evaluateOffPolicy(fourRounds(), 4, {});
  const OffPolicyResult twice = evaluateOffPolicy(doubled, 4, {});
  for (const char* name : {"ips", "snips"}) {
    CHECK(named(twice, name).estimate.value == Approx(named(once, name).estimate.value));
    CHECK(named(twice, name).estimate.standardError ==
          Approx(named(once, name).estimate.standardError));
  }
}

TEST_CASE("Clipping cuts weights, and says what that took from the estimates") {
  std::vector<LoggedAction> log = fourRounds();
  for (LoggedAction& action : log) action.prediction = action.policyPrediction = 0.2;
  const OffPolicyResult whole = evaluateOffPolicy(log, 4, {});
  const OffPolicyResult cut = evaluateOffPolicy(log, 4, {.maxWeight = 1.5});
  CHECK(named(cut, "ips").estimate.value == Approx(2.0 / 4));
  CHECK(named(cut, "snips").estimate.value == Approx(2.0 / 4));
  CHECK(cut.ipsClipped == Approx(0.5 / 4));
  CHECK(cut.ipsClipped ==
        Approx(named(whole, "ips").estimate.value - named(cut, "ips").estimate.value));
  CHECK(cut.drClipped ==
        Approx(named(whole, "dr").estimate.value - named(cut, "dr").estimate.value));
  CHECK(cut.weights.clipped == 2);
  CHECK(cut.weights.largest == 2);        // as it was
  CHECK(cut.weights.mean.value == 1.25);  // as it was: it tells of the propensities
  CHECK(cut.weights.largestShare == Approx(1.5 / 4));
  CHECK(whole.ipsClipped == 0);
}

TEST_CASE("Over many logs every estimator finds the truth and knows its error") {
  const double truth = truthOf(kJudged);
  for (const char* name : {"ips", "snips", "dr", "sndr"}) {
    INFO(name);
    const Repeated repeated = repeat({}, name, truth);
    const Estimate mean = meanOf(repeated.values);
    CHECK(std::abs(mean.value - truth) < 4 * mean.standardError);
    const double spread =
        mean.standardError * std::sqrt(static_cast<double>(repeated.values.size()));
    CHECK(repeated.meanError == Approx(spread).epsilon(0.1));
    CHECK(repeated.covered > 0.92);
    CHECK(repeated.covered < 0.98);
  }
}

TEST_CASE("Over many logs the mean of the log covers its own truth, lists being no coins") {
  CHECK(repeat({}, "logged", truthOf(kLogging)).covered == Approx(0.95).margin(0.025));
}

TEST_CASE("Doubly robust: right with a bad model or with wrong propensities") {
  const double truth = truthOf(kJudged);
  const Estimate badModel = meanOf(repeat({.goodModel = false}, "dr", truth).values);
  CHECK(std::abs(badModel.value - truth) < 4 * badModel.standardError);
  const World wrong = {.rightPropensities = false};
  const Estimate wrongWeights = meanOf(repeat(wrong, "dr", truth).values);
  CHECK(std::abs(wrongWeights.value - truth) < 4 * wrongWeights.standardError);
  const Estimate misled = meanOf(repeat(wrong, "ips", truth).values);
  CHECK(std::abs(misled.value - truth) > 20 * misled.standardError);
}

TEST_CASE("A good model narrows the interval") {
  const std::vector<LoggedAction> log = logOf({.lists = 5000}, 1);
  const OffPolicyResult result = evaluateOffPolicy(log, 5000, {});
  CHECK(named(result, "dr").estimate.standardError <
        0.95 * named(result, "ips").estimate.standardError);
}

TEST_CASE("The bootstrap draws rounds: near the normal interval, the same for the same seed") {
  const std::vector<LoggedAction> log = logOf({.lists = 1000}, 3);
  const OffPolicyResult normal = evaluateOffPolicy(log, 1000, {});
  const OffPolicyOptions options = {.resamples = 2000, .seed = 5};
  const OffPolicyResult drawn = evaluateOffPolicy(log, 1000, options);
  const OffPolicyResult again = evaluateOffPolicy(log, 1000, options);
  const OffPolicyResult other = evaluateOffPolicy(log, 1000, {.resamples = 2000, .seed = 6});
  for (const char* name : {"ips", "snips", "dr", "sndr"}) {
    INFO(name);
    const IntervalEstimate& one = named(drawn, name);
    CHECK(one.estimate.value == named(normal, name).estimate.value);
    CHECK(one.estimate.standardError ==
          Approx(named(normal, name).estimate.standardError).epsilon(0.1));
    const double width = one.high - one.low;
    CHECK(width == Approx(named(normal, name).high - named(normal, name).low).epsilon(0.1));
    CHECK(one.low == named(again, name).low);
    CHECK(one.low != named(other, name).low);
  }
}

TEST_CASE("Resamples that show nothing of the policy are left out") {
  std::vector<LoggedAction> log = fourRounds();
  for (LoggedAction& action : log) action.evaluationPropensity = 0;
  log[2].evaluationPropensity = 0.25;
  const OffPolicyResult result = evaluateOffPolicy(log, 4, {.resamples = 200});
  CHECK(named(result, "snips").low == 1);
  CHECK(named(result, "snips").high == 1);
  CHECK(result.weights.effectiveSampleSize == 1);
  CHECK(result.weights.largestShare == 1);
}
