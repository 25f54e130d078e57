#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "trainer/eval/metrics.h"

// What a policy would have earned, from the log of another one: the off-policy estimators of the
// literature as pure functions on logged actions. An action is one item at one position of a shown
// list; a round is what stands or falls together, usually one list. With weights
// w = evaluation propensity / propensity, rewards r, predictions q, sums over the n actions:
//   ips    Σ w r / n                             inverse propensity scoring, unbiased
//          (Horvitz & Thompson 1952, "A generalization of sampling without replacement from a
//          finite universe")
//   snips  Σ w r / Σ w                           self-normalised: a bias that vanishes, less spread
//          (Swaminathan & Joachims 2015, "The self-normalized estimator for counterfactual
//          learning")
//   dr     Σ E q(x, .) / n + Σ w (r - q) / n     doubly robust: unbiased when either the
//          propensities or the predictions are right
//          (Dudik, Langford & Li 2011, "Doubly robust policy evaluation and learning")
//   sndr   Σ E q(x, .) / n + Σ w (r - q) / Σ w   the same, self-normalised
// Each estimates the mean reward of an action. Names and protocol (one policy's log judges the
// other, whose own log has the truth) are those of Saito et al. 2021, "Open Bandit Dataset and
// Pipeline". All take it that an item's reward at a position does not depend on the rest of the
// list.

namespace attune::trainer {

/// One item that was shown at one position.
struct LoggedAction {
  uint32_t round = 0;     ///< actions of one round are not independent of each other
  uint32_t item = 0;      ///< index into the log's items
  uint32_t position = 1;  ///< from 1
  double reward = 0;
  double propensity = 1;            ///< of the item at this position when it was logged, in (0, 1]
  double evaluationPropensity = 0;  ///< the same under the policy to judge, in [0, 1]
  /// A reward model's word, made without this action's round; NaN for none.
  double prediction = std::numeric_limits<double>::quiet_NaN();  ///< q(x, item)
  double policyPrediction =
      std::numeric_limits<double>::quiet_NaN();  ///< mean of q(x, .) over the policy to judge
};

struct OffPolicyOptions {
  /// Larger weights are cut to this. It lowers the spread for a bias: with rewards >= 0, ips
  /// becomes too low by E[(w - maxWeight)+ r]; dr by E[(w - maxWeight)+ (r - q)], which a good
  /// model keeps small.
  double maxWeight = std::numeric_limits<double>::infinity();
  /// 0: intervals by normal approximation. Otherwise so many resamples of whole rounds.
  uint32_t resamples = 0;
  uint64_t seed = 1;  ///< of the resamples
};

/// A value with its 95 % confidence interval.
struct IntervalEstimate {
  std::string name;
  Estimate estimate;
  double low = 0;
  double high = 0;
};

/// How far the policy's choices lie from the logged ones.
struct WeightSummary {
  Estimate mean;                   ///< of the uncut weights; 1 is expected
  double effectiveSampleSize = 0;  ///< (Σ w)² / Σ w², of the weights as used
  double largest = 0;              ///< uncut
  double largestShare = 0;         ///< the largest weight / Σ w, as used
  size_t rewarded = 0;             ///< actions with a weight and a reward other than 0
  size_t clipped = 0;              ///< actions whose weight was cut
};

struct OffPolicyResult {
  IntervalEstimate logged;                  ///< mean reward of the log itself
  std::vector<IntervalEstimate> estimates;  ///< ips and snips; dr and sndr with predictions
  WeightSummary weights;
  /// What cutting the weights took from ips and dr on this log: minus the estimate of their bias.
  double ipsClipped = 0;
  double drClipped = 0;
};

/// Estimates what the policy would have earned. Standard errors come from the estimators' influence
/// functions summed up a round, with rounds / (rounds - 1); intervals are normal ones, or with
/// `resamples` the percentiles 2.5 and 97.5 of a bootstrap over rounds, and then standard errors
/// are its standard deviations. Neither accounts for the error of given predictions or
/// propensities. REQUIRES: `rounds` >= 2, each has an action; propensities in range; an
/// evaluationPropensity > 0; predictions for all actions or for none.
OffPolicyResult evaluateOffPolicy(std::span<const LoggedAction> actions, uint32_t rounds,
                                  const OffPolicyOptions& options);

}  // namespace attune::trainer
