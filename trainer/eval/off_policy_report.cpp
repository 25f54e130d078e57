#include "trainer/eval/off_policy_report.h"

#include <cmath>
#include <cstdio>

#include "trainer/base/progress.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

// From where on a warning is given: rules of thumb.
constexpr double kFewSamples = 0.1;    // effective sample size / actions
constexpr double kLargeShare = 0.05;   // of one action's weight in all
constexpr double kLargeUnseen = 0.01;  // of what the policy would show
constexpr double kFarFromOne = 3;      // standard errors of the mean weight
constexpr size_t kFewRewarded = 30;    // actions with a weight and a reward

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

ordered_json toJson(const IntervalEstimate& estimate) {
  return {{"value", estimate.estimate.value},
          {"se", estimate.estimate.standardError},
          {"low", estimate.low},
          {"high", estimate.high}};
}

ordered_json toJson(const WeightSummary& weights, size_t actions) {
  return {{"mean", weights.mean.value},
          {"se", weights.mean.standardError},
          {"effectiveSampleSize", weights.effectiveSampleSize},
          {"effectiveShare", weights.effectiveSampleSize / static_cast<double>(actions)},
          {"largest", weights.largest},
          {"largestShare", weights.largestShare},
          {"rewarded", weights.rewarded}};
}

ordered_json clippingOf(const OffPolicyReport& report) {
  if (!std::isfinite(report.options.maxWeight)) return nullptr;
  ordered_json bias = {{"ips", 0 - report.result.ipsClipped}};
  if (!std::isnan(report.result.drClipped)) bias["dr"] = 0 - report.result.drClipped;
  return {{"maxWeight", report.options.maxWeight},
          {"actions", report.result.weights.clipped},
          {"estimatedBias", bias}};
}

ordered_json rewardModelOf(const OffPolicyReport& report) {
  if (report.model)
    return {{"kind", "mean reward by item and position"},
            {"folds", report.model->folds},
            {"shrinkage", report.model->shrinkage}};
  if (std::isnan(report.result.drClipped)) return nullptr;
  return {{"kind", "predictions in the log"}};
}

ordered_json intervalOf(const OffPolicyOptions& options) {
  if (options.resamples == 0) return {{"level", 0.95}, {"method", "normal"}};
  return {{"level", 0.95}, {"method", "bootstrap"}, {"resamples", options.resamples}};
}

std::string lineOf(const IntervalEstimate& estimate) {
  return formatted("  %-8s%10.5g ± %-10.4g  %.5g to %.5g\n", estimate.name.c_str(),
                   estimate.estimate.value, estimate.estimate.standardError, estimate.low,
                   estimate.high);
}

}  // namespace

std::vector<std::string> warningsOf(const OffPolicyReport& report) {
  const WeightSummary& weights = report.result.weights;
  std::vector<std::string> warnings;
  if (weights.effectiveSampleSize < kFewSamples * static_cast<double>(report.actions))
    warnings.push_back(
        formatted("log and policy overlap little: the log is worth %.1f actions of the policy's "
                  "own, of %s logged",
                  weights.effectiveSampleSize, withThousands(report.actions).c_str()));
  if (weights.largestShare > kLargeShare)
    warnings.push_back(
        formatted("one action carries %.1f %% of all weight (the largest weight is "
                  "%.4g): intervals may be too narrow; --max-weight cuts it",
                  100 * weights.largestShare, weights.largest));
  if (std::abs(weights.mean.value - 1) > kFarFromOne * weights.mean.standardError + 1e-9)
    warnings.push_back(
        formatted("weights average %.4g ± %.2g instead of 1: wrong propensities, or "
                  "the policy shows what the log does not",
                  weights.mean.value, weights.mean.standardError));
  if (report.unseenShare.value_or(0) > kLargeUnseen)
    warnings.push_back(
        formatted("%.1f %% of what the policy shows is never shown at its position "
                  "in the log; ips takes it to earn nothing",
                  100 * *report.unseenShare));
  if (weights.rewarded < kFewRewarded)
    warnings.push_back(formatted("only %zu rewarded actions count: intervals may be too narrow",
                                 weights.rewarded));
  return warnings;
}

ordered_json toJson(const OffPolicyReport& report) {
  ordered_json document = {
      {"log", report.log},
      {"policy", report.policy.empty() ? ordered_json(nullptr) : ordered_json(report.policy)},
      {"cluster", report.cluster},
      {"rounds", report.rounds},
      {"actions", report.actions},
      {"items", report.items},
      {"seed", report.options.seed},
      {"interval", intervalOf(report.options)},
      {"rewardModel", rewardModelOf(report)},
      {"logged", toJson(report.result.logged)}};
  for (const IntervalEstimate& estimate : report.result.estimates)
    document["estimates"][estimate.name] = toJson(estimate);
  document["weights"] = toJson(report.result.weights, report.actions);
  document["weights"]["unseenShare"] =
      report.unseenShare ? ordered_json(*report.unseenShare) : ordered_json(nullptr);
  document["clipping"] = clippingOf(report);
  document["warnings"] = warningsOf(report);
  return document;
}

std::string toText(const OffPolicyReport& report) {
  const WeightSummary& weights = report.result.weights;
  std::string text = report.log + ": " + withThousands(report.actions) + " actions in " +
                     withThousands(report.rounds) + " rounds, judged for " +
                     (report.policy.empty() ? "the policy in the log" : report.policy) + '\n';
  text += std::string("  mean reward of an action ± standard error, 95 % interval (") +
          (report.options.resamples > 0 ? "bootstrap" : "normal") + ")\n";
  text += lineOf(report.result.logged);
  for (const IntervalEstimate& estimate : report.result.estimates) text += lineOf(estimate);
  text += formatted("weights: mean %.4g ± %.2g, largest %.4g, effective sample size %.1f\n",
                    weights.mean.value, weights.mean.standardError, weights.largest,
                    weights.effectiveSampleSize);
  if (std::isfinite(report.options.maxWeight))
    text += formatted("%zu weights cut to %.4g: bias of ips about %.3g\n", weights.clipped,
                      report.options.maxWeight, 0 - report.result.ipsClipped);
  if (report.result.estimates.size() == 2) text += "dr needs --policy, or predictions in the log\n";
  for (const std::string& warning : warningsOf(report)) text += "warning: " + warning + '\n';
  return text;
}

}  // namespace attune::trainer
