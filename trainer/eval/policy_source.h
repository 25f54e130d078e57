#pragma once

#include <string>

#include "trainer/eval/off_policy_log.h"
#include "trainer/eval/rate_model.h"

namespace attune::trainer {

/// The policy that `--policy SOURCE` names, over the items of `items`, which may grow:
///   uniform    every item of `log` with the same probability at every position
///   a log      (see isOffPolicyLog) how often it shows an item at a position: the policy that made
///   it,
///              averaged over who came and when
///   else       JSON lines {"itemId", "position"?, "probability"}, position from 1, in all lines or
///              in none; probabilities sum to 1 at each position
/// Throws UserError where the file is not so or knows nothing of what `log` shows: an item that a
/// policy never shows must be given the probability 0.
ContextFreePolicy readPolicy(const std::string& source, const OffPolicyLog& log, ItemNames& items);

/// Gives every action of `log` its probability under the policy.
void applyPolicy(const ContextFreePolicy& policy, OffPolicyLog& log);

/// The share of what the policy would show, over the log's positions as often as they are there,
/// that the log never shows at the position. No log estimator knows what it would earn.
double unseenShare(const ContextFreePolicy& policy, const OffPolicyLog& log);

}  // namespace attune::trainer
