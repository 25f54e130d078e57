#include "trainer/eval/off_policy.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/random.h"

namespace attune::trainer {
namespace {

constexpr double kNormal975 = 1.959963984540054;  // the normal distribution's 97.5th percentile

/// Sums over actions: of one round, or of all.
struct Totals {
  double actions = 0;
  double reward = 0;
  double weight = 0;      ///< w
  double earned = 0;      ///< w r
  double prediction = 0;  ///< E q(x, .)
  double residual = 0;    ///< w (r - q)

  Totals& operator+=(const Totals& other) {
    actions += other.actions;
    reward += other.reward;
    weight += other.weight;
    earned += other.earned;
    prediction += other.prediction;
    residual += other.residual;
    return *this;
  }
};

/// Every estimator is a sum of ratios of totals, so that one influence function serves all.
struct Ratio {
  double Totals::*over;
  double Totals::*under;
};
struct Estimator {
  const char* name;
  std::vector<Ratio> terms;
  bool needsPredictions = false;
};

const Estimator& loggedMean() {
  static const Estimator mean = {"logged", {{&Totals::reward, &Totals::actions}}};
  return mean;
}

const std::vector<Estimator>& estimators() {
  static const std::vector<Estimator> all = {
      {"ips", {{&Totals::earned, &Totals::actions}}},
      {"snips", {{&Totals::earned, &Totals::weight}}},
      {"dr",
       {{&Totals::prediction, &Totals::actions}, {&Totals::residual, &Totals::actions}},
       true},
      {"sndr",
       {{&Totals::prediction, &Totals::actions}, {&Totals::residual, &Totals::weight}},
       true}};
  return all;
}

double valueOf(const Estimator& estimator, const Totals& all) {
  double value = 0;
  for (const Ratio& term : estimator.terms) value += all.*term.over / all.*term.under;
  return value;
}

/// How much one round moves the estimate, to first order.
double influenceOf(const Estimator& estimator, const Totals& round, const Totals& all) {
  double influence = 0;
  for (const auto& [over, under] : estimator.terms)
    influence += (round.*over - all.*over / all.*under * round.*under) / all.*under;
  return influence;
}

double standardErrorOf(const Estimator& estimator, std::span<const Totals> rounds,
                       const Totals& all) {
  double squares = 0;
  for (const Totals& round : rounds) {
    const double influence = influenceOf(estimator, round, all);
    squares += influence * influence;
  }
  const double count = static_cast<double>(rounds.size());
  return std::sqrt(squares * count / (count - 1));
}

Totals sumOf(std::span<const Totals> rounds) {
  Totals all;
  for (const Totals& round : rounds) all += round;
  return all;
}

std::vector<Totals> totalsByRound(std::span<const LoggedAction> actions, uint32_t rounds,
                                  double maxWeight) {
  std::vector<Totals> totals(rounds);
  for (const LoggedAction& action : actions) {
    const double weight = std::min(action.evaluationPropensity / action.propensity, maxWeight);
    totals[action.round] += {1,
                             action.reward,
                             weight,
                             weight * action.reward,
                             action.policyPrediction,
                             weight * (action.reward - action.prediction)};
  }
  return totals;
}

/// Totals of logs drawn from the rounds with replacement. A log without any weight says nothing
/// about the policy and is left out.
std::vector<Totals> resampled(std::span<const Totals> rounds, const OffPolicyOptions& options) {
  std::vector<Totals> samples;
  samples.reserve(options.resamples);
  for (uint32_t i = 0; i < options.resamples; ++i) {
    Random random(options.seed, i);
    Totals all;
    for (size_t drawn = 0; drawn < rounds.size(); ++drawn)
      all += rounds[random.below(static_cast<uint32_t>(rounds.size()))];
    if (all.weight > 0) samples.push_back(all);
  }
  return samples;
}

/// Between the two nearest values of a sorted list.
double percentileOf(std::span<const double> sorted, double fraction) {
  const double at = fraction * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

IntervalEstimate normalInterval(const Estimator& estimator, std::span<const Totals> rounds,
                                const Totals& all) {
  const double value = valueOf(estimator, all);
  const double error = standardErrorOf(estimator, rounds, all);
  return {estimator.name, {value, error}, value - kNormal975 * error, value + kNormal975 * error};
}

IntervalEstimate bootstrapInterval(const Estimator& estimator, std::span<const Totals> samples,
                                   const Totals& all) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Totals& sample : samples) values.push_back(valueOf(estimator, sample));
  std::sort(values.begin(), values.end());
  // meanOf() divides the variance by the count, which a spread of resamples must not be.
  const double spread =
      meanOf(values).standardError * std::sqrt(static_cast<double>(values.size()));
  return {estimator.name,
          {valueOf(estimator, all), spread},
          percentileOf(values, 0.025),
          percentileOf(values, 0.975)};
}

Estimate meanWeightOf(std::span<const LoggedAction> actions, uint32_t rounds) {
  static const Estimator meanWeight = {"weight", {{&Totals::weight, &Totals::actions}}};
  const std::vector<Totals> uncut =
      totalsByRound(actions, rounds, std::numeric_limits<double>::infinity());
  const Totals all = sumOf(uncut);
  return {valueOf(meanWeight, all), standardErrorOf(meanWeight, uncut, all)};
}

WeightSummary summarise(std::span<const LoggedAction> actions, uint32_t rounds, double maxWeight) {
  WeightSummary summary;
  summary.mean = meanWeightOf(actions, rounds);
  double sum = 0;
  double squares = 0;
  double largestUsed = 0;
  for (const LoggedAction& action : actions) {
    const double weight = action.evaluationPropensity / action.propensity;
    const double used = std::min(weight, maxWeight);
    sum += used;
    squares += used * used;
    largestUsed = std::max(largestUsed, used);
    summary.largest = std::max(summary.largest, weight);
    summary.clipped += weight > maxWeight ? 1 : 0;
    summary.rewarded += weight > 0 && action.reward != 0 ? 1 : 0;
  }
  summary.effectiveSampleSize = sum * sum / squares;
  summary.largestShare = largestUsed / sum;
  return summary;
}

}  // namespace

OffPolicyResult evaluateOffPolicy(std::span<const LoggedAction> actions, uint32_t rounds,
                                  const OffPolicyOptions& options) {
  const std::vector<Totals> byRound = totalsByRound(actions, rounds, options.maxWeight);
  const Totals all = sumOf(byRound);
  const std::vector<Totals> samples = resampled(byRound, options);
  const auto estimateBy = [&](const Estimator& estimator) {
    return samples.empty() ? normalInterval(estimator, byRound, all)
                           : bootstrapInterval(estimator, samples, all);
  };
  OffPolicyResult result;
  result.logged = estimateBy(loggedMean());
  for (const Estimator& estimator : estimators())
    if (!estimator.needsPredictions || !std::isnan(all.prediction))
      result.estimates.push_back(estimateBy(estimator));
  result.weights = summarise(actions, rounds, options.maxWeight);
  for (const LoggedAction& action : actions) {
    const double weight = action.evaluationPropensity / action.propensity;
    const double cut = weight - std::min(weight, options.maxWeight);
    result.ipsClipped += cut * action.reward / all.actions;
    result.drClipped += cut * (action.reward - action.prediction) / all.actions;
  }
  return result;
}

}  // namespace attune::trainer
